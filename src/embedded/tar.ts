import { crc32 } from 'node:zlib'

/** A file of a layer. Mode is 0o644 unless told otherwise. */
export type LayerFile = {
  readonly path: string
  readonly content: string | Uint8Array
  readonly mode?: number
}

const blockBytes = 512
const storedBytes = 0xffff

/** A ustar archive of regular files. Owner and times are zero, so equal files make equal bytes. */
export function tarOf(files: readonly LayerFile[]): Uint8Array {
  const blocks = files.flatMap(({ path, content, mode = 0o644 }) => {
    const bytes = Buffer.from(content)
    const padding = (blockBytes - (bytes.length % blockBytes)) % blockBytes
    return [header(path, bytes.length, mode), bytes, Buffer.alloc(padding)]
  })
  // Two empty blocks end an archive.
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

/**
 * A gzip file (RFC 1952) whose data is stored, not compressed: a compressor's output may differ
 * between versions and processors, and these bytes have digests that must not.
 */
export function gzipOf(bytes: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let start = 0; start === 0 || start < bytes.length; start += storedBytes) {
    const part = bytes.subarray(start, start + storedBytes)
    const isLast = start + storedBytes >= bytes.length
    const head = Buffer.alloc(5)
    head.writeUInt8(isLast ? 1 : 0, 0)
    head.writeUInt16LE(part.length, 1)
    head.writeUInt16LE(part.length ^ storedBytes, 3)
    blocks.push(head, part)
  }
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc32(bytes), 0)
  trailer.writeUInt32LE(bytes.length, 4)
  // Deflate, no flags, no time, no extra flags, an unknown operating system.
  const start = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
  return Buffer.concat([start, ...blocks, trailer])
}

function header(path: string, size: number, mode: number): Uint8Array {
  if (Buffer.byteLength(path) > 100) throw new Error(`wanted a path of at most 100 bytes: ${path}`)
  const block = Buffer.alloc(blockBytes)
  block.write(path, 0)
  block.write(octal(mode, 7), 100)
  block.write(octal(0, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size, 11), 124)
  block.write(octal(0, 11), 136)
  block.write('0', 156)
  block.write('ustar\x0000', 257)

  // The checksum is taken with its own field full of spaces.
  block.write(' '.repeat(8), 148)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${octal(sum, 6)} `, 148)
  return block
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`
}
