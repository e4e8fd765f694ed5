import { readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { LogError } from './log-error.ts'
import type { Packing } from './log-packing.ts'
import { readHead, reasonOf, unpacked } from './log-packing.ts'

/** The bytes of a log as they come. */
export type LogBytes = {
  /**
   * Unpacked, each piece good until the next is asked for, the first of `headBytes` at least where
   * there are so many. Throws LogError for what cannot be read, is damaged or cut, or is packed
   * otherwise.
   */
  readonly pieces: AsyncIterable<Buffer>
  /** How many bytes were read so far, before unpacking. */
  readonly bytesRead: () => number
}

/** What a log is called in messages. */
export function nameOf(source: string | Readable): string {
  return typeof source === 'string' && source !== '-' ? source : 'standard input'
}

/**
 * Opens a file by its name, standard input by `-`, or a stream; gzip is seen by its first bytes.
 * `lines` tells how many lines were read when something fails.
 */
export function openLog(source: string | Readable, lines: () => number): LogBytes {
  const count = { bytes: 0 }
  const raw = counted(rawBytes(source), count)
  const packing = { isPacked: false, mustBePacked: nameOf(source).endsWith('.gz') }
  const pieces = withHead(unpacked(raw, packing))
  return {
    pieces: failing(nameOf(source), { pieces, raw, packing, lines }),
    bytesRead: () => count.bytes,
  }
}

/** How much is looked at to know a log. */
export const headBytes = 65_536

/** As much as is read at once: less would cost calls, more would leave the processor's cache. */
const pieceBytes = 262_144
const piecesATurn = 32

function rawBytes(source: string | Readable): AsyncGenerator<Buffer> {
  if (source === '-') return readStream(process.stdin)
  return typeof source === 'string' ? readFile(source) : readStream(source)
}

async function* readFile(path: string): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    if ((await file.stat()).isFile()) yield* readAtOnce(file.fd)
    else yield* readStream(file.createReadStream({ autoClose: false }))
  } finally {
    await file.close()
  }
}

/**
 * Waiting for a read of what is in memory takes longer than reading it: files are read in place. Now
 * and then others have their turn, such as whoever hears of Ctrl-C.
 */
async function* readAtOnce(fd: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(pieceBytes)
  for (let pieces = 1; ; pieces++) {
    const length = readSync(fd, buffer)
    if (length === 0) return
    yield buffer.subarray(0, length)
    if (pieces % piecesATurn === 0) await setImmediate()
  }
}

async function* readStream(stream: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of stream as AsyncIterable<string | Uint8Array>) {
    if (typeof chunk === 'string') yield Buffer.from(chunk)
    else yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  }
}

async function* counted(
  pieces: AsyncIterable<Buffer>,
  count: { bytes: number },
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    count.bytes += piece.length
    yield piece
  }
}

async function* withHead(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const head = await readHead(pieces, headBytes)
  if (head.length > 0) yield head
  yield* pieces
}

type Reading = {
  readonly pieces: AsyncIterable<Buffer>
  readonly raw: AsyncGenerator<Buffer>
  readonly packing: Packing
  readonly lines: () => number
}

async function* failing(
  name: string,
  { pieces, raw, packing, lines }: Reading,
): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (error) {
    const where = lines() === 0 ? '' : ` after line ${lines()}`
    const reason = reasonOf(error, packing)
    throw new LogError('unreadable', `${name} could not be read${where}: ${reason}`, error)
  } finally {
    // Whoever stops early leaves a file open otherwise. A pipe may have nothing more to say for long:
    // nobody waits for it.
    raw.return(undefined).catch(() => {})
  }
}
