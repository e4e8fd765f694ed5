import type { Dispatcher } from 'undici'
import { interceptors, request } from 'undici'
import type { Patience } from './retry-policy.ts'
import { retryPolicy } from './retry-policy.ts'

export type AnonymousDeps = {
  readonly dispatcher: Dispatcher
  readonly patience: Patience
  readonly stop: AbortSignal
}

/** Asks a mirror as any client would, with nothing but the address. Rejects where there is no answer. */
export async function askAnonymously(
  method: 'GET' | 'HEAD',
  url: string,
  { dispatcher, patience, stop }: AnonymousDeps,
  headers: Readonly<Record<string, string>> = {},
) {
  const {
    statusCode,
    headers: came,
    body,
  } = await request(url, {
    method,
    // As Go's clients send it: a host that packs what it serves is found out here.
    headers: { 'accept-encoding': 'gzip', ...headers },
    signal: AbortSignal.any([stop, AbortSignal.timeout(patience.deadlineMs)]),
    // Redirects are not followed: clients are to take one hop, and this is where it ends.
    dispatcher: dispatcher.compose(interceptors.retry(retryPolicy(patience, () => {}))),
  })
  return {
    status: statusCode,
    header: (name: string) => came[name]?.toString(),
    bytes: await readStart(body),
  }
}

/** A page for people in the canary's place may be long. */
async function readStart(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) {
    chunks.push(chunk)
    if (chunks.reduce((sum, { length }) => sum + length, 0) > 65_536) break
  }
  return Buffer.concat(chunks)
}
