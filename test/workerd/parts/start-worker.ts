import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { checkWorkerConfig } from '../../../src/runtime/worker/check.ts'
import type { Bundle } from './bundle.ts'

/** The Worker in workerd, on a port. */
export type StartedWorker = {
  readonly url: string
  readonly port: number
  /** Lines that it has written to its log so far. */
  readonly lines: readonly string[]
  readonly stop: () => Promise<void>
}

export type WorkerSettings = {
  readonly host?: string
  readonly port?: number
  /** Variables and secrets. */
  readonly bindings?: Readonly<Record<string, string>>
  /** What is in the bucket that is bound as INDEX; default: none is bound. */
  readonly bucket?: ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>
}

/** Where the runtime is told that it is time for `scheduled`. */
export const scheduledPath = '/cdn-cgi/local/scheduled'

/**
 * Starts the Worker as Cloudflare's runtime runs it, with a nearport.json. The client's address is the
 * peer's, unless the request says otherwise in CF-Connecting-IP: no edge is before it that would not
 * have that. Rejects where the Worker refuses to be loaded.
 */
export async function startWorker(
  bundle: Bundle,
  config: object,
  { host = '127.0.0.1', port = 0, bindings = {}, bucket }: WorkerSettings = {},
): Promise<StartedWorker> {
  const lines: string[] = []
  const main = bundle.modules.filter(({ type }) => type === 'ESModule')
  const others = bundle.modules.filter(({ type }) => type !== 'ESModule')
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [...main, ...others].map((each) => ({ ...each })),
      compatibilityDate: '2026-10-01',
      bindings: { ...bindings, NEARPORT_JSON: asJson(checkWorkerConfig(config, 'the test')) },
      ...(bucket !== undefined && { r2Buckets: ['INDEX'] }),
      unsafeTriggerHandlers: true,
      host,
      port,
      cf: false,
      handleStructuredLogs: ({ message }) => lines.push(message),
    }),
  )
  try {
    const url = await miniflare.ready
    if (bucket !== undefined) {
      const bound = await miniflare.getR2Bucket('INDEX')
      for (const [key, content] of bucket) await bound.put(key, content)
    }
    return {
      url: url.origin,
      port: Number(url.port),
      lines,
      stop: () => miniflare.dispose(),
    }
  } catch (error) {
    await miniflare.dispose()
    throw error
  }
}

/** As it is in a file: what is undefined is not there. */
function asJson(value: object) {
  return JSON.parse(JSON.stringify(value))
}
