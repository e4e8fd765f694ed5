import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandLine } from '../../e2e/parts/process.ts'
import type { Measured } from './measure.ts'
import { measure } from './measure.ts'

export type SkopeoSpec = {
  /** A folder of its own: what it remembers of blobs is kept here, and not for the next. */
  readonly directory: string
  readonly from: string
  readonly repositories: readonly string[]
  readonly stop: AbortSignal
}

/** A call of `skopeo sync` for all repositories, to a folder or to a registry. Throws where it fails. */
export async function prepareSkopeo(
  spec: SkopeoSpec,
): Promise<(to: readonly ['dir' | 'docker', string]) => Promise<Measured>> {
  const { directory, from, repositories, stop } = spec
  const memory = join(directory, 'containers')
  await mkdir(memory, { recursive: true })
  const source = join(directory, 'sync.yml')
  // JSON is YAML. An empty list is every tag.
  const images = Object.fromEntries(repositories.map((name) => [name, []]))
  await writeFile(source, JSON.stringify({ [from]: { 'tls-verify': false, images } }))

  return async ([kind, place]) => {
    const log = join(directory, 'skopeo.log')
    const measured = await measure(
      remembering(memory, [
        'skopeo',
        '--insecure-policy',
        'sync',
        '--src=yaml',
        `--dest=${kind}`,
        '--dest-tls-verify=false',
        source,
        place,
      ]),
      { log, stop, env: { XDG_DATA_HOME: memory } },
    )
    if (measured.exitCode !== 0) {
      const end = (await readFile(log, 'utf8')).slice(-1000)
      throw new Error(`skopeo sync ended with ${measured.exitCode}\n${end}`)
    }
    return measured
  }
}

/** For root skopeo keeps what it knows of blobs in /var/lib/containers, which is everybody's. */
function remembering(memory: string, command: CommandLine): CommandLine {
  if (process.getuid?.() !== 0) return command
  const script =
    'mkdir -p /var/lib/containers && mount --bind "$0" /var/lib/containers && exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, memory, ...command]
}
