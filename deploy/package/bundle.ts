import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import type { Plugin } from 'esbuild'
import { build } from 'esbuild'

/**
 * Puts `nearport serve` into one file, dist/cli/bundle.js, beside the files that it is compiled to: to
 * find, read and link three hundred of them took half of the CPU of a start. In it is what serve needs
 * to answer, with the packages that this takes; what is called later, and every other command, stays in
 * files of its own. `root` ends with a slash.
 */
export async function bundleServe(root: string): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    // Beside the compiled main.js, so that what is found by a path from there is found from here.
    outfile: 'dist/cli/bundle.js',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    external: ['@aws-sdk/*', 'undici', 'zod'],
    plugins: [builtinsWhenUsed, laterFromFiles],
  })
  writeFileSync(
    `${root}dist/cli/bundle-licenses.txt`,
    licensesOf(root, Object.keys(metafile.inputs)),
  )
}

/**
 * Node's own modules, loaded when the part that names them runs. A static import would load them all
 * at once, and read every export, which for some loads yet more: see src/runtime/http/listener.ts.
 */
const builtinsWhenUsed: Plugin = {
  name: 'builtins-when-used',
  setup(bundling) {
    const names = new RegExp(`^(?:node:)?(?:${builtinModules.join('|')})$`)
    bundling.onResolve({ filter: names }, ({ path }) => ({
      path: path.replace(/^node:/, ''),
      namespace: 'builtin',
    }))
    bundling.onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
  },
}

/** Of what is imported when it is called, the parts of serve that answer on a port, sooner or later. */
const inBundle = /\/(?:serve|admin|prometheus|web-responder|tls-listener|tls-certificate)\.ts$/

/** All else that is imported when it is called: from its own file. */
const laterFromFiles: Plugin = {
  name: 'later-from-files',
  setup(bundling) {
    bundling.onResolve({ filter: /^\./ }, ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import' || inBundle.test(path)) return undefined
      const source = posix.join(resolveDir, path)
      const compiled = source.slice(source.lastIndexOf('/src/') + 5).replace(/ts$/, 'js')
      return { path: `../${compiled}`, external: true }
    })
  },
}

/** What the packages in a bundle want said wherever they are: their licences, each by its package. */
function licensesOf(root: string, inputs: readonly string[]): string {
  const folders = inputs.flatMap((input) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [])
  const texts = [...new Set(folders)].toSorted().map((folder) => {
    const file = readdirSync(root + folder).find((name) => /^licen[cs]e/i.test(name))
    if (file === undefined) throw new Error(`wanted a licence in ${folder}, got none`)
    return `${folder.slice('node_modules/'.length)}\n\n${readFileSync(`${root}${folder}/${file}`, 'utf8').trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}
