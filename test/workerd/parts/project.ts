import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** Where wrangler's program is. */
export const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js')

/** wrangler tells nobody about us, and asks for nothing. */
export const quiet = {
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: '1',
  FORCE_COLOR: '0',
} as const

/**
 * Makes a folder that wrangler can work in as it would in the project's own: its wrangler.toml, and a
 * nearport.json of the test's. Without one, the Worker is made with what it is bound to as it starts.
 */
export async function makeProject(folder: string, configFile: string | undefined): Promise<void> {
  await mkdir(folder, { recursive: true })
  const main = `main = ${JSON.stringify(join(root, 'src/runtime/worker.ts'))}`
  const build = `command = ${JSON.stringify(`node ${join(root, 'src/runtime/worker/build.ts')}`)}`
  const given = JSON.stringify(fileURLToPath(new URL('configuration.ts', import.meta.url)))
  const toml = (await readFile(join(root, 'wrangler.toml'), 'utf8'))
    .replace(/^main = .*$/m, main)
    .replace(/^command = .*$/m, build)
    .replace(/^watch_dir = .*$/m, `watch_dir = ${JSON.stringify(folder)}`)
  const bound = toml
    .replace(/^\[build\]\n(?:\w.*\n)+/m, '')
    .replace(/^"nearport-config" = .*$/m, `"nearport-config" = ${given}`)
  await writeFile(join(folder, 'wrangler.toml'), configFile === undefined ? bound : toml)
  if (configFile !== undefined) await copyFile(configFile, join(folder, 'nearport.json'))
}
