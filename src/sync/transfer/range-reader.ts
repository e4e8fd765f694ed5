import { Readable } from 'node:stream'
import type { ByteRange, OpenedBlob } from '../upstream/upstream-blob.ts'
import { UpstreamError } from '../upstream/upstream-error.ts'

export type RangeOptions = {
  readonly sizeBytes: number
  readonly rangeBytes: number
  /** How many are read, or wait to be delivered, at once: so many are kept in memory. */
  readonly atOnce: number
  /** Waits before another try of a range, of which `tries` failed. */
  readonly pause: (tries: number) => Promise<void>
}

const tries = 3

/**
 * Reads a blob in ranges, several at once, and delivers them in order. Whoever knows no ranges
 * answers the first with the whole, which is then read from that very answer. A range that fails is
 * read again alone, three times in all; the stream fails with what the last of them came to.
 */
export async function readInRanges(
  open: (range: ByteRange) => Promise<OpenedBlob>,
  { sizeBytes, rangeBytes, atOnce, pause }: RangeOptions,
): Promise<OpenedBlob> {
  const count = Math.ceil(sizeBytes / rangeBytes)
  const rangeAt = (at: number): ByteRange => ({
    first: at * rangeBytes,
    last: Math.min((at + 1) * rangeBytes, sizeBytes) - 1,
  })
  const first = await open(rangeAt(0))
  if (!first.isPartial) return first

  const bodies = new Set<Readable>()
  const ahead: Promise<Buffer[]>[] = []
  let chunks: Buffer[] = []
  let begun = 0
  let isWaiting = false

  const body = new Readable({
    highWaterMark: 1,
    read: () => void deliver(),
    destroy(error, done) {
      for (const each of bodies) each.destroy()
      done(error)
    },
  })
  readAhead()
  return { body, lengthBytes: sizeBytes, isPartial: false }

  /** As many as may be, beside the one that is being delivered. */
  function readAhead(): void {
    const most = chunks.length > 0 ? atOnce - 1 : atOnce
    while (begun < count && ahead.length < most) {
      const range = readRange(begun, begun === 0 ? first : undefined)
      // It is seen when its turn has come; until then it is no event.
      range.catch(() => {})
      ahead.push(range)
      begun++
    }
  }

  async function deliver(): Promise<void> {
    // It is asked for more whenever there is room, also while the next has not come.
    if (isWaiting) return
    if (chunks.length === 0) {
      const next = ahead.shift()
      if (next === undefined) return void body.push(null)
      isWaiting = true
      try {
        chunks = (await next).toReversed()
      } catch (error) {
        return void body.destroy(error as Error)
      }
      isWaiting = false
      if (body.destroyed) return
    }
    const chunk = chunks.pop()!
    readAhead()
    body.push(chunk)
  }

  async function readRange(at: number, given?: OpenedBlob): Promise<Buffer[]> {
    const range = rangeAt(at)
    for (let attempt = 1; ; attempt++) {
      try {
        const opened = attempt === 1 && given !== undefined ? given : await open(range)
        return await collect(opened, range)
      } catch (error) {
        const isFinal = error instanceof UpstreamError && !error.retryable
        if (body.destroyed || isFinal || attempt === tries) throw error
        await pause(attempt)
      }
    }
  }

  async function collect(opened: OpenedBlob, { first: from, last }: ByteRange): Promise<Buffer[]> {
    const wantedBytes = last - from + 1
    const wanted = `wanted bytes ${from}-${last}`
    const got: Buffer[] = []
    let length = 0
    bodies.add(opened.body)
    try {
      if (body.destroyed) throw new Error(`${wanted}, and nobody reads them any more`)
      if (!opened.isPartial) throw new Error(`${wanted}, got the whole blob`)
      for await (const chunk of opened.body as AsyncIterable<Buffer>) {
        length += chunk.length
        if (length > wantedBytes) throw new Error(`${wanted}, got more`)
        got.push(chunk)
      }
      if (length < wantedBytes) throw new Error(`${wanted}, got ${length} of them`)
      return got
    } finally {
      bodies.delete(opened.body)
      opened.body.destroy()
    }
  }
}
