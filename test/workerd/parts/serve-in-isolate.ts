import type { Handler } from '../../../src/embedded/observe.ts'
import type { Served } from '../../../src/embedded/serve.ts'

const handlers = new Map<string, Handler>()
let port = 20_000

/**
 * Stands in the place of src/embedded/serve.ts for tests that run inside workerd, where nobody can
 * listen: what is asked of the address goes to the handler itself, over the `fetch` below.
 */
export function serveEmbedded(handler: Handler): Promise<Served> {
  port++
  const url = `http://127.0.0.1:${port}`
  handlers.set(url, handler)
  return Promise.resolve({
    url,
    port,
    close: () => {
      handlers.delete(url)
      return Promise.resolve()
    },
  })
}

/** `fetch` that finds what is served in here; nothing else answers. */
export async function fetchInIsolate(
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  // workerd knows no `error`: who asks for it follows nothing, and nothing is followed here.
  const request = new Request(input, { ...init, redirect: 'manual' })
  const handler = handlers.get(new URL(request.url).origin)
  if (handler === undefined) throw new TypeError('fetch failed: nobody listens there')
  const { signal } = request
  return Promise.race([
    handler(request),
    new Promise<never>((_, reject) => {
      const fail = () => reject(signal.reason as Error)
      if (signal.aborted) fail()
      signal.addEventListener('abort', fail, { once: true })
    }),
  ])
}
