import { Readable, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** How a log is packed: known as soon as its first bytes are. */
export type Packing = { isPacked: boolean; readonly mustBePacked: boolean }

/**
 * The bytes of a log without their gzip, which is seen by its first bytes, as are other packings,
 * which are refused. A mark of the encoding UTF-8 is left out.
 */
export async function* unpacked(
  raw: AsyncGenerator<Buffer>,
  packing: Packing,
): AsyncGenerator<Buffer> {
  const head = await readHead(raw, longestMagic)
  if (head.length === 0) return
  packing.isPacked = startsWith(head, gzipMagic)
  if (!packing.isPacked && packing.mustBePacked) {
    throw new Error('wanted gzip, as its name says, got something else')
  }
  for (const { name, magic } of otherPackings) {
    if (startsWith(head, magic)) throw new Error(`wanted plain text or gzip, got ${name}`)
  }
  const all = joined(startsWith(head, utf8Mark) ? head.subarray(utf8Mark.length) : head, raw)
  if (!packing.isPacked) {
    yield* all
    return
  }
  const gunzip = createGunzip({ chunkSize: unpackedBytes })
  // What fails in either stops both, and is thrown to whoever reads.
  pipeline(Readable.from(copied(all), { objectMode: false }), gunzip, () => {})
  yield* gunzip as AsyncIterable<Buffer>
}

/**
 * The first bytes, so many at least where there are: pipes may give them one by one. They are good
 * until the next are asked for.
 */
export async function readHead(pieces: AsyncGenerator<Buffer>, length: number): Promise<Buffer> {
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

async function* joined(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head
  yield* rest
}

/** Streams read ahead, and a piece is good only until the next. */
async function* copied(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece)
}

/** Why a log could not be read, in words. */
export function reasonOf(error: unknown, { isPacked }: Packing): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (!isPacked || code?.startsWith('Z_') !== true) return message
  // zlib: "unexpected end of file".
  if (code === 'Z_BUF_ERROR') return 'the gzip ends before its end: it is only a part'
  return `the gzip is damaged: ${message}`
}

const unpackedBytes = 262_144

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
