import { within } from './within.ts'

/** A body has more bytes than it may. */
export class BodyTooLarge extends Error {}

/**
 * The whole body of an answer, of at most `maxBytes`. Fails, and lets the connection go, as soon as
 * there is more (with BodyTooLarge), or when no byte comes for `idleMs`: a body may be as slow as it
 * is large, and must not stop.
 */
export async function readBounded(
  answer: Response,
  { maxBytes, idleMs }: { readonly maxBytes: number; readonly idleMs: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const length = Number(answer.headers.get('content-length') ?? 0)
  if (length > maxBytes) {
    await answer.body?.cancel()
    throw new BodyTooLarge(`wanted at most ${maxBytes} bytes, got ${length}`)
  }
  if (answer.body === null) return new Uint8Array()
  const reader = answer.body.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await within(idleMs, reader.read(), () => {
        throw new Error(`no byte came for ${idleMs} ms`)
      })
      if (done) return joined(chunks, bytes)
      bytes += value.length
      if (bytes > maxBytes) throw new BodyTooLarge(`wanted at most ${maxBytes} bytes, got more`)
      chunks.push(value)
    }
  } catch (error) {
    // Not awaited: a body that hangs may hang here too.
    reader.cancel().catch(() => {})
    throw error
  }
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
