import { readSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable, pipeline } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { LogError } from './log-error.ts'

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
  const state = { isPacked: false, mustBePacked: nameOf(source).endsWith('.gz') }
  const pieces = withHead(unpacked(raw, state))
  return {
    pieces: failing(nameOf(source), { pieces, raw, state, lines }),
    bytesRead: () => count.bytes,
  }
}

/** How much is looked at to know a log. */
export const headBytes = 65_536

/** As much as is read at once: less would cost calls, more would leave the processor's cache. */
const pieceBytes = 262_144
const piecesATurn = 32

type State = { isPacked: boolean; readonly mustBePacked: boolean }

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

async function* unpacked(raw: AsyncGenerator<Buffer>, state: State): AsyncGenerator<Buffer> {
  const head = await readHead(raw, longestMagic)
  if (head.length === 0) return
  state.isPacked = startsWith(head, gzipMagic)
  if (!state.isPacked && state.mustBePacked) {
    throw new Error('wanted gzip, as its name says, got something else')
  }
  for (const { name, magic } of otherPackings) {
    if (startsWith(head, magic)) throw new Error(`wanted plain text or gzip, got ${name}`)
  }
  const all = joined(startsWith(head, utf8Mark) ? head.subarray(utf8Mark.length) : head, raw)
  if (!state.isPacked) {
    yield* all
    return
  }
  const gunzip = createGunzip({ chunkSize: pieceBytes })
  // What fails in either stops both, and is thrown to whoever reads.
  pipeline(Readable.from(copied(all), { objectMode: false }), gunzip, () => {})
  yield* gunzip as AsyncIterable<Buffer>
}

/** The first bytes, so many where there are: pipes may give them one by one. */
async function readHead(pieces: AsyncGenerator<Buffer>, length: number): Promise<Buffer> {
  const first = await pieces.next()
  let head = first.done === true ? Buffer.alloc(0) : first.value
  while (head.length < length) {
    // What came before is overwritten by what comes next.
    const before = Buffer.from(head)
    const { value, done } = await pieces.next()
    if (done === true) return before
    head = Buffer.concat([before, value])
  }
  return head
}

async function* withHead(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const head = await readHead(pieces, headBytes)
  if (head.length > 0) yield head
  yield* pieces
}

async function* joined(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head
  yield* rest
}

/** Streams read ahead, and a piece is good only until the next. */
async function* copied(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece)
}

type Reading = {
  readonly pieces: AsyncIterable<Buffer>
  readonly raw: AsyncGenerator<Buffer>
  readonly state: State
  readonly lines: () => number
}

async function* failing(
  name: string,
  { pieces, raw, state, lines }: Reading,
): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (error) {
    const where = lines() === 0 ? '' : ` after line ${lines()}`
    const reason = reasonOf(error, state)
    throw new LogError('unreadable', `${name} could not be read${where}: ${reason}`, error)
  } finally {
    // Whoever stops early leaves a file open otherwise. A pipe may have nothing more to say for long:
    // nobody waits for it.
    raw.return(undefined).catch(() => {})
  }
}

function reasonOf(error: unknown, { isPacked }: State): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (!isPacked || code?.startsWith('Z_') !== true) return message
  // zlib: "unexpected end of file".
  if (code === 'Z_BUF_ERROR') return 'the gzip ends before its end: it is only a part'
  return `the gzip is damaged: ${message}`
}

function startsWith(head: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, at) => head[at] === byte)
}

const gzipMagic = [0x1f, 0x8b]
const utf8Mark = [0xef, 0xbb, 0xbf]
const otherPackings = [
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'zip', magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'UTF-16', magic: [0xff, 0xfe] },
  { name: 'UTF-16', magic: [0xfe, 0xff] },
]
const longestMagic = 5
