import type { IncomingMessage } from 'node:http'
import type { FetchedAnswer, PlainFetch } from '../proxy/read-bounded.ts'
import { usesProxy } from './uses-proxy.ts'

/**
 * `fetch` for a GET that is usually answered where it is asked: an index that is loaded by it costs no
 * undici, which is 70 ms of CPU at the start and 15 MB for good. What is redirected, or comes in a
 * coding, is asked for once more by `fetch` itself, and so is everything behind a proxy.
 */
export const plainFetch: PlainFetch = async (url, init) => {
  if (usesProxy()) return fetch(url, init)
  const incoming = await get(url, init)
  const { statusCode: status = 0, headers } = incoming
  if ((status > 300 && status < 400) || headers['content-encoding'] !== undefined) {
    incoming.destroy()
    return fetch(url, init)
  }
  return answerOf(incoming, status)
}

/** The head of the answer. */
function get(
  url: string,
  { headers, signal }: Parameters<PlainFetch>[1],
): Promise<IncomingMessage> {
  // Not imported: see listener.ts.
  const http = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers: { 'user-agent': 'nearport', ...headers } }, resolve)
    request.on('error', reject)
    const abort = () => request.destroy(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
  })
}

function answerOf(incoming: IncomingMessage, status: number): FetchedAnswer {
  // Whoever reads is told; until then nobody needs to know.
  incoming.on('error', () => {})
  const chunks = incoming.iterator() as AsyncIterator<Uint8Array>
  const cancel = async () => void incoming.destroy()
  return {
    status,
    headers: { get: (name) => incoming.headers[name]?.toString() ?? null },
    body: {
      cancel,
      getReader: () => ({
        cancel,
        async read() {
          const { done = false, value } = await chunks.next()
          return done ? { done, value: undefined } : { done, value: value as Uint8Array }
        },
      }),
    },
  }
}
