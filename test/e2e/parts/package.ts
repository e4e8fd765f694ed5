import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CommandLine, type Finished, run } from './process.ts'

/** The checkout, with a slash at its end. */
export const checkout = fileURLToPath(new URL('../../../', import.meta.url))

/** What `npm pack` made: sizes in bytes, files by their paths inside. */
export type Packed = {
  readonly tarball: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

/** Packs the checkout as it is, into a folder. */
export async function pack(folder: string): Promise<Packed> {
  await mkdir(folder, { recursive: true })
  const { stdout } = await run(['npm', 'pack', '--json', '--pack-destination', folder], {
    cwd: checkout,
    deadlineMs: 180_000,
  })
  // What prepack prints comes first; newer npm gives an object with the package's name as its key.
  const given = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as Readonly<
    Record<string, Omit<Packed, 'tarball'> & { readonly filename: string }>
  >
  const [packed] = Object.values(given)
  if (packed === undefined) throw new Error(`wanted a tarball, got ${stdout}`)
  return { ...packed, tarball: join(folder, packed.filename) }
}

/**
 * Installs packages into an empty folder. There is no way out of the namespaces that the tests run in:
 * npm runs where the tests were started, and goes by its own configuration and cache.
 */
export async function install(folder: string, ...packages: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
  await outside(['npm', 'install', '--prefix', folder, ...quiet, ...packages])
}

/** The oldest Node that the package says it runs on. */
export async function oldestNode(): Promise<string> {
  const { engines } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string }
  }
  return /^>=(\d+\.\d+\.\d+)$/.exec(engines.node)![1]!
}

/** Runs a program where the tests were started, which may have a way out. */
export function outside(command: CommandLine): Promise<Finished> {
  const starter = process.env['NEARPORT_E2E_OUTSIDE']!
  return run(['nsenter', `--target=${starter}`, '--net', '--mount', '--', ...command], {
    deadlineMs: 300_000,
  })
}
