/** What an address gave: a document, or word that it is still the one of the ETag. */
export type FetchedDocument =
  | {
      readonly kind: 'document'
      readonly bytes: Uint8Array<ArrayBuffer>
      readonly etag: string | undefined
    }
  | { readonly kind: 'unchanged' }

export type FetchDocumentDeps = {
  readonly fetch: typeof fetch
  /** A longer document is refused; default: 32 MiB, of which the largest known takes a tenth. */
  readonly mostBytes?: number
  /** For how long the whole of it may take; default: a minute. */
  readonly patienceMs?: number
}

export const usualPatienceMs = 60_000

/**
 * Asks an address for a vendor's document, or for word that it has not changed. Throws an Error that
 * says what was wanted and what came, for whatever is not a whole answer in time. The message has
 * nothing of the address but its host.
 */
export async function fetchDocument(
  url: string,
  knownEtag: string | undefined,
  { fetch: ask, mostBytes = 33_554_432, patienceMs = usualPatienceMs }: FetchDocumentDeps,
): Promise<FetchedDocument> {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    const headers = { Accept: 'application/json', ...(knownEtag && { 'If-None-Match': knownEtag }) }
    const answer = await ask(url, { headers, signal })
    if (answer.status !== 200) await answer.body?.cancel()
    if (answer.status === 304 && knownEtag !== undefined) return { kind: 'unchanged' }
    if (answer.status !== 200) throw new Error(`wanted status 200, got ${answer.status}`)
    refuseDowngrade(url, answer)
    const bytes = await readAtMost(answer, mostBytes)
    return { kind: 'document', bytes, etag: etagOf(answer) }
  } catch (error) {
    if (signal.aborted) {
      throw new Error(`wanted a document within ${patienceMs} ms, got no whole one`, {
        cause: error,
      })
    }
    throw error
  }
}

/** An address without what may be a secret in it. */
export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

/** Whoever asked by https wants nothing that anybody on the way could have written. */
function refuseDowngrade(url: string, answer: Response): void {
  if (!url.startsWith('https:') || !answer.redirected || answer.url.startsWith('https:')) return
  throw new Error(`wanted https all the way, got sent to ${new URL(answer.url).origin}`)
}

/** Its length in the headers says nothing of a compressed body: what comes is counted. */
async function readAtMost(answer: Response, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop lets go of the body.
  for await (const chunk of answer.body ?? []) {
    length += chunk.length
    if (length > mostBytes) throw new Error(`wanted at most ${mostBytes} bytes, got more`)
    chunks.push(chunk)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** It is kept in the table, which has ASCII alone, and sent as it is. */
function etagOf(answer: Response): string | undefined {
  const etag = answer.headers.get('etag') ?? ''
  return /^(?:W\/)?"[\x21\x23-\x7e]{1,200}"$/.test(etag) ? etag : undefined
}
