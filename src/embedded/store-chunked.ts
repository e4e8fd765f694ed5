import type { Bytes } from './repository.ts'
import { StoreError } from './store-error.ts'

/** The content inside an aws-chunked body, and the headers that follow it. */
export type Unframed = { readonly bytes: Bytes; readonly trailers: readonly [string, string][] }

/**
 * Takes the unsigned aws-chunked framing off: `<hex size>\r\n<bytes>\r\n` …, a chunk of size 0, and
 * trailing headers. Throws StoreError where it is not that.
 */
export function decodeChunks(framed: Bytes): Unframed {
  const buffer = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength)
  const chunks: Buffer[] = []
  let position = 0

  for (;;) {
    const size = Number.parseInt(nextLine(), 16)
    if (!(size >= 0)) throw malformed(position)
    if (size === 0) break
    if (position + size + 2 > buffer.length) throw malformed(position)
    chunks.push(buffer.subarray(position, position + size))
    position += size
    if (nextLine() !== '') throw malformed(position)
  }
  return { bytes: new Uint8Array(Buffer.concat(chunks)), trailers: readTrailers() }

  function readTrailers(): [string, string][] {
    const trailers: [string, string][] = []
    while (position < buffer.length) {
      const line = nextLine()
      const colon = line.indexOf(':')
      if (colon > 0) trailers.push([line.slice(0, colon), line.slice(colon + 1).trim()])
    }
    return trailers
  }

  function nextLine(): string {
    const end = buffer.indexOf('\r\n', position)
    if (end < 0) throw malformed(position)
    const line = buffer.toString('latin1', position, end)
    position = end + 2
    return line
  }
}

function malformed(position: number): StoreError {
  const message = `wanted an aws-chunked body, and got something else at byte ${position}`
  return new StoreError('InvalidRequest', message)
}
