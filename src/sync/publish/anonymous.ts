import type { Dispatcher } from 'undici'
import { interceptors, request } from 'undici/index.js'
import { startDeadline } from '../deadline.ts'
import type { Patience } from '../upstream/retry-policy.ts'
import { retryPolicy } from '../upstream/retry-policy.ts'

export type AnonymousDeps = {
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly stop: AbortSignal
}

/**
 * What is asked for beside the address: headers, and how many bytes of the body are read before the
 * rest is left.
 */
export type Asking = {
  readonly headers?: Readonly<Record<string, string>>
  readonly limitBytes?: number
}

/**
 * Asks a mirror as any client would, with nothing but the address. Rejects where there is no
 * answer.
 */
export async function askAnonymously(
  method: 'GET' | 'HEAD',
  url: string,
  { dispatcher, patience, stop }: AnonymousDeps,
  { headers = {}, limitBytes = 65_536 }: Asking = {},
) {
  const { signal, end } = startDeadline(patience.deadlineMs, stop)
  try {
    const answer = await request(url, {
      method,
      // As Go's clients send it: a host that packs what it serves is found out here.
      headers: { 'accept-encoding': 'gzip', ...headers },
      signal,
      // Redirects are not followed: clients are to take one hop, and this is where it ends.
      dispatcher: dispatcher.compose(interceptors.retry(retryPolicy(patience, () => {}))),
    })
    return {
      status: answer.statusCode,
      header: (name: string) => answer.headers[name]?.toString(),
      bytes: await readStart(answer.body, limitBytes),
    }
  } finally {
    end()
  }
}

/** A page for people in the place of what was wanted may be long. */
async function readStart(body: AsyncIterable<Buffer>, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > limitBytes) break
  }
  return Buffer.concat(chunks)
}
