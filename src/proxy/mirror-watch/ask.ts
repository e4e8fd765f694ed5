import type { Digest } from '../../core/digest.ts'
import type { Mirror } from '../../core/mirror.ts'
import { signedBlobUrl } from '../../core/mirror.ts'

export type MirrorAskDeps = {
  readonly fetch: typeof fetch
  /** How long the first byte may take, in milliseconds. */
  readonly timeoutMs: number
  /** From when on it counts as slow. */
  readonly slowMs: number
  /** Milliseconds since some moment, never set back. */
  readonly elapsedMs: () => number
}

/** `missing`: it says that it has no such blob, or that we may not read it, which S3 says alike. */
export type MirrorAnswer = {
  readonly kind: 'good' | 'slow' | 'missing' | 'failed'
  /** What came, in words that go into the record; of a good answer nothing needs to be said. */
  readonly problem: string
}

/**
 * Asks a mirror for the first byte of a blob, as a client would, by the address that clients are sent
 * to. Never rejects: no answer in time is one, too.
 */
export async function askMirror(
  mirror: Mirror,
  digest: Digest,
  { fetch: fetchNow, timeoutMs, slowMs, elapsedMs }: MirrorAskDeps,
): Promise<MirrorAnswer> {
  const startMs = elapsedMs()
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await fetchNow(signedBlobUrl(mirror, 'GET', digest), {
      // A mirror that redirects would give clients a second hop, which some refuse.
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity', range: 'bytes=0-0', 'user-agent': watchAgent },
      cache: 'no-store',
      signal: late,
    })
    await readFirst(answer)
    return judge(answer.status, elapsedMs() - startMs, slowMs)
  } catch (error) {
    const { name, cause } = error as Error
    const code = (cause as { readonly code?: string } | undefined)?.code
    // Not the message, which may have the address in it, and with it a signature.
    const problem = late.aborted ? `no answer in ${timeoutMs} ms` : `no answer: ${code ?? name}`
    return { kind: 'failed', problem }
  }
}

/** By this an operator knows our questions in a bucket's log. */
export const watchAgent = 'nearport-health'

/** A store that answers and then sends nothing serves nobody. */
async function readFirst({ body }: Response): Promise<void> {
  if (body === null) return
  const reader = body.getReader()
  await reader.read()
  // Of a store that does not know ranges all the rest would come.
  await reader.cancel()
}

function judge(status: number, tookMs: number, slowMs: number): MirrorAnswer {
  const problem = `answered ${status}`
  if (status === 403 || status === 404) return { kind: 'missing', problem }
  // RFC 9110 §15.5.17: an empty blob has no first byte, and is there.
  if (status !== 200 && status !== 206 && status !== 416) return { kind: 'failed', problem }
  if (tookMs >= slowMs) return { kind: 'slow', problem: `took ${Math.round(tookMs)} ms` }
  return { kind: 'good', problem: '' }
}
