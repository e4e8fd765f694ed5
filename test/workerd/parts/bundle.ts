import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { makeProject, quiet, wrangler } from './project.ts'

/** The Worker as wrangler would upload it. */
export type Bundle = {
  readonly modules: readonly {
    readonly type: 'ESModule' | 'Data'
    readonly path: string
    readonly contents: Uint8Array<ArrayBuffer>
  }[]
  /** All of it, compressed: what Cloudflare's limit is about. */
  readonly compressedBytes: number
  /** Every file that came into it, by its path. */
  readonly inputs: readonly string[]
  /** What it imports that is not in it: the runtime's own modules, and files beside it. */
  readonly outside: readonly string[]
  /** What wrangler said. */
  readonly output: string
}

/** esbuild's account of a bundle, as far as it is looked at. */
type Metafile = {
  readonly inputs: Readonly<
    Record<
      string,
      { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }
    >
  >
}

/**
 * Has wrangler make the Worker, by the project's own wrangler.toml, and upload nothing. `configFile`
 * is its nearport.json; default: it takes what it is bound to as it starts. Rejects with what wrangler
 * said where it makes none.
 */
export async function bundleWorker(configFile?: string): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-worker-'))
  try {
    await makeProject(folder, configFile)
    const out = join(folder, 'out')
    const meta = join(folder, 'meta.json')
    const args = ['deploy', '--dry-run', '--outdir', out, '--metafile', meta]
    const { stdout } = await promisify(execFile)(process.execPath, [wrangler, ...args], {
      cwd: folder,
      env: { ...process.env, ...quiet },
    })
    const names = (await readdir(out)).filter((name) => /\.(?:js|bin)$/.test(name)).toSorted()
    const modules = await Promise.all(
      names.map(async (path) => ({
        type: path.endsWith('.js') ? ('ESModule' as const) : ('Data' as const),
        path,
        contents: await readFile(join(out, path)),
      })),
    )
    const made = JSON.parse(await readFile(meta, 'utf8')) as Metafile
    const imports = Object.values(made.inputs).flatMap((input) => input.imports)
    const outside = imports
      .filter(({ external, path }) => external === true && path !== '<runtime>')
      // `<runtime>` is esbuild's own. wrangler puts a digest before the name of a file.
      .map(({ path }) => path.replace(/^\.\/[0-9a-f]{40}-/, './'))
    const compressedBytes = modules.reduce(
      (sum, { contents }) => sum + gzipSync(contents).length,
      0,
    )
    return { modules, compressedBytes, inputs: Object.keys(made.inputs), outside, output: stdout }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
