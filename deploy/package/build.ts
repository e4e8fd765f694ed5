import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleServe } from './bundle.ts'

/**
 * `npm run build`: compiles src/ to dist/, which stands where src/ does, so that what is beside it
 * (package.json, data/) is found from both, and puts serve into one file beside. Throws where something
 * does not compile.
 */
async function build(): Promise<void> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const [dist, compiled] = [`${root}dist`, `${root}dist/compiled`]
  rmSync(dist, { recursive: true, force: true })
  for (const project of ['tsconfig.build.json', 'tsconfig.types.json']) {
    const tsc = ['node_modules/typescript/bin/tsc', '-p', project, '--outDir', compiled]
    execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' })
  }
  // tsc puts copies of the JSON files beside it that src/ imports: the package has those at its root.
  cpSync(`${compiled}/src`, dist, { recursive: true })
  rmSync(compiled, { recursive: true })
  await bundleServe(root)
}

await build()
