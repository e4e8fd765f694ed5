import { createHash } from 'node:crypto'
import { finished, Readable } from 'node:stream'
import { hexOf } from '../../core/digest.ts'
import type { Expected } from './content-error.ts'
import { ContentError } from './content-error.ts'

/** One of those that get the bytes. */
export type Branch = {
  readonly body: Readable
  /**
   * Whether it was closed before the bytes were known to be right: by whoever read it, or because it
   * stood still. What was written from it is not the blob.
   */
  readonly droppedOut: () => boolean
}

/** A source that is read once, for several. */
export type Tee = {
  readonly branches: readonly Branch[]
  /** What was wrong with the source; undefined while nothing is. */
  readonly failure: () => ContentError | undefined
  /** Whether all of the source came, and was right. */
  readonly isVerified: () => boolean
}

export type TeeOptions = {
  /** How long a branch may take nothing while others wait for it, in milliseconds. */
  readonly stallMs?: number | undefined
  /** What a branch that is behind keeps, about. */
  readonly branchBytes?: number | undefined
}

/**
 * The bytes of one source to so many branches, hashed once; the slowest sets the pace. The last
 * chunk is held back until length and hash are right: what is written with a known length can
 * never be complete with wrong bytes, and every branch fails with ContentError instead. A branch
 * that closes drops out and the others go on; without any the source is closed.
 */
export function tee(
  source: Readable,
  { digest, sizeBytes, from, onBytes }: Expected,
  count: number,
  { stallMs = 30_000, branchBytes = 256 * 1024 }: TeeOptions = {},
): Tee {
  const wanted = `wanted ${sizeBytes} bytes of ${digest} from ${from}`
  const hash = createHash('sha256')
  let state: 'reading' | 'verified' | ContentError = 'reading'
  let length = 0
  let held: Buffer | undefined
  let stallTimer: NodeJS.Timeout | undefined

  const full = new Set<Readable>()
  const droppedOut = new Set<Readable>()
  const bodies = Array.from({ length: count }, createBranch)
  const live = new Set(bodies)

  // Events, not a generator for each: one more promise for every 64 KiB is what would cost.
  source.on('data', take)
  // It may have ended badly before anybody listened.
  finished(source, { writable: false }, (error) => {
    if (state !== 'reading' || live.size === 0) return
    if (error) fail('broken', `${wanted}, got ${length}: ${error.message}`, error)
    else finish()
  })

  return {
    branches: bodies.map((body) => ({ body, droppedOut: () => droppedOut.has(body) })),
    failure: () => (state instanceof ContentError ? state : undefined),
    isVerified: () => state === 'verified',
  }

  function take(chunk: Buffer): void {
    if (chunk.length === 0 || state !== 'reading' || live.size === 0) return
    onBytes(chunk.length)
    length += chunk.length
    if (length > sizeBytes) return fail('wrong', `${wanted}, got more`)
    hash.update(chunk)
    if (held !== undefined) send(held)
    held = chunk
  }

  function send(chunk: Buffer): void {
    for (const body of live) if (!body.push(chunk)) full.add(body)
    if (full.size === 0) return
    source.pause()
    stallTimer ??= setTimeout(dropStalled, stallMs)
  }

  function finish(): void {
    if (length < sizeBytes) return fail('broken', `${wanted}, got ${length}`)
    const got = hash.digest('hex')
    if (got !== hexOf(digest)) {
      return fail('wrong', `wanted ${digest} from ${from}, got sha256:${got}`)
    }
    state = 'verified'
    clearTimeout(stallTimer)
    for (const body of live) {
      if (held !== undefined) body.push(held)
      body.push(null)
    }
  }

  function fail(kind: 'wrong' | 'broken', message: string, cause?: unknown): void {
    state = new ContentError(kind, message, cause)
    clearTimeout(stallTimer)
    for (const body of live) body.destroy(state)
    source.destroy()
  }

  function createBranch(): Readable {
    const body = new Readable({
      highWaterMark: branchBytes,
      read() {
        if (full.delete(body)) goOn()
      },
      destroy(error, done) {
        if (state === 'reading') drop(body)
        done(error)
      },
    })
    // Whoever was given it sees how it fails; where nobody reads any more, that is no event.
    return body.on('error', () => {})
  }

  function drop(body: Readable): void {
    droppedOut.add(body)
    live.delete(body)
    full.delete(body)
    if (live.size > 0) return goOn()
    clearTimeout(stallTimer)
    source.destroy()
  }

  function goOn(): void {
    if (full.size > 0) return
    clearTimeout(stallTimer)
    stallTimer = undefined
    source.resume()
  }

  function dropStalled(): void {
    stallTimer = undefined
    // Where all are behind, none waits for another: their own deadlines are for that.
    if (full.size === live.size) {
      stallTimer = setTimeout(dropStalled, stallMs)
      return
    }
    const message = `nothing of ${digest} was taken for ${stallMs / 1000} s while others waited`
    for (const body of full) body.destroy(new ContentError('stalled', message))
  }
}
