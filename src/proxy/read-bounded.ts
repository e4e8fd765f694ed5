import { within } from './within.ts'

/** What is read of an answer: a Response, or what has as much of one. */
export type FetchedAnswer = {
  readonly status: number
  readonly headers: { readonly get: (name: string) => string | null }
  readonly body: FetchedBody | null
}

type FetchedBody = {
  readonly cancel: () => Promise<void>
  readonly getReader: () => {
    readonly cancel: () => Promise<void>
    readonly read: () => Promise<
      | { readonly done: false; readonly value: Uint8Array }
      | { readonly done: true; readonly value?: Uint8Array | undefined }
    >
  }
}

/** As much of `fetch` as a GET takes whose answer is read here. */
export type PlainFetch = (
  url: string,
  init: {
    readonly headers: Record<string, string>
    readonly cache: 'no-store'
    readonly signal: AbortSignal
  },
) => Promise<FetchedAnswer>

/** A body has more bytes than it may. */
export class BodyTooLarge extends Error {}

/**
 * The whole body of an answer, of at most `maxBytes`. Fails, and lets the connection go, as soon as
 * there is more (with BodyTooLarge), or when no byte comes for `idleMs`: a body may be as slow as it
 * is large, and must not stop.
 */
export async function readBounded(
  answer: Pick<FetchedAnswer, 'headers' | 'body'>,
  { maxBytes, idleMs }: { readonly maxBytes: number; readonly idleMs: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const promised = Number(answer.headers.get('content-length'))
  const length = promised > 0 ? promised : 0
  if (length > maxBytes) {
    await answer.body?.cancel()
    throw new BodyTooLarge(`wanted at most ${maxBytes} bytes, got ${length}`)
  }
  if (answer.body === null) return new Uint8Array()
  const reader = answer.body.getReader()
  // In place from the first byte on: an index of 170 MB that was put together at its end stood twice
  // in memory, and requests still for a tenth of a second. What is promised and does not come is never touched.
  let whole = new Uint8Array(length)
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await within(idleMs, reader.read(), () => {
        throw new Error(`no byte came for ${idleMs} ms`)
      })
      if (done) return bytes === whole.length ? whole : whole.slice(0, bytes)
      const after = bytes + value.length
      if (after > maxBytes) throw new BodyTooLarge(`wanted at most ${maxBytes} bytes, got more`)
      if (after > whole.length) whole = copied(whole, Math.max(after, 2 * whole.length))
      whole.set(value, bytes)
      bytes = after
    }
  } catch (error) {
    // Not awaited: a body that hangs may hang here too.
    reader.cancel().catch(() => {})
    throw error
  }
}

function copied(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
