import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answers, startProcess, type Stoppable, waitUntil } from './process.ts'

/** One line of the registry's access log. */
export type RegistryRequest = {
  readonly client: string
  readonly method: string
  readonly path: string
  readonly status: number
  /** What the body had that was sent. */
  readonly bytes: number
  readonly agent: string
}

/** A running docker-registry (distribution 2.8). */
export type Registry = Stoppable & { readonly url: string; readonly log: string }

export type RegistrySpec = {
  readonly host: string
  readonly port: number
  readonly directory: string
  /** What its log is called; default: `registry`. */
  readonly logName?: string
  /** Where clients are sent for blobs; default: it sends them itself. */
  readonly blobsAt?: string
  /** Whom it answers, as its configuration has it; default: everyone. */
  readonly auth?: object
}

/**
 * Starts docker-registry, its blobs in a folder. `host` is the name it is reached by; it listens on
 * every address of its host, so its host has to be a network namespace of ours.
 */
export async function startRegistry(spec: RegistrySpec): Promise<Registry> {
  const url = `http://${spec.host}:${spec.port}`
  await mkdir(spec.directory, { recursive: true })
  // JSON is YAML.
  const config = join(spec.directory, `${spec.logName ?? 'config'}.yml`)
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'warn' },
      storage: {
        filesystem: { rootdirectory: join(spec.directory, 'data') },
        delete: { enabled: true },
      },
      ...(spec.blobsAt !== undefined && {
        middleware: { storage: [{ name: 'redirect', options: { baseurl: spec.blobsAt } }] },
      }),
      ...(spec.auth !== undefined && { auth: spec.auth }),
      http: { addr: `:${spec.port}` },
    }),
  )
  const { log, stop } = await startProcess({
    name: spec.logName ?? 'registry',
    command: ['docker-registry', 'serve', config],
    logs: spec.directory,
    ready: () => answers(`${url}/v2/`),
  })
  return { url, log, stop }
}

let marks = 0

/**
 * What the registry was asked so far, oldest first. A request of our own, awaited in the log,
 * stands for "so far": a line is written only after its answer.
 */
export async function readRegistryLog(registry: {
  readonly url: string
  readonly log: string
}): Promise<RegistryRequest[]> {
  const mark = `/v2/mark-${process.pid}-${marks++}/tags/list`
  await answers(registry.url + mark)
  let text = ''
  await waitUntil(`${mark} in ${registry.log}`, async () => {
    text = await readFile(registry.log, 'utf8')
    return text.includes(mark)
  })
  return parseAccessLog(text).filter(({ path }) => !path.startsWith('/v2/mark-'))
}

/** Digests of the blobs that GET requests in these lines were answered with. */
export function blobsServed(requests: readonly RegistryRequest[]): string[] {
  return requests
    .filter(({ method, status }) => method === 'GET' && (status === 200 || status === 206))
    .flatMap(({ path }) => /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path)?.[1] ?? [])
}

/** Apache's combined format, which distribution writes beside its own lines. */
function parseAccessLog(text: string): RegistryRequest[] {
  const line = /^(\S+) - \S+ \[[^\]]*\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+) "[^"]*" "([^"]*)"$/gm
  return [...text.matchAll(line)].map(([, client, method, path, status, bytes, agent]) => ({
    client: client!,
    method: method!,
    path: path!,
    status: Number(status),
    bytes: Number(bytes),
    agent: agent!,
  }))
}
