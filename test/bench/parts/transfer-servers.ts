import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'

const block = createHash('shake256', { outputLength: 1024 * 1024 })
  .update('nearport')
  .digest()

/** The bytes of one blob, the first and the last included, in chunks: no two blobs are alike. */
export function* bytesFor(n: number, first: number, last: number): Generator<Buffer> {
  for (let at = first; at <= last;) {
    const from = (at + n * 64) % block.length
    const chunk = block.subarray(from, Math.min(from + 65_536, from + last + 1 - at))
    yield chunk
    at += chunk.length
  }
}

if (import.meta.main) {
  const [source, sink] = [createServer(give), createServer(take)]
  for (const server of [source, sink]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const urlOf = ({ port }: AddressInfo) => `http://127.0.0.1:${port}`
  process.send!({
    sourceUrl: urlOf(source.address() as AddressInfo),
    sinkUrl: urlOf(sink.address() as AddressInfo),
  })
  process.once('disconnect', () => process.exit())
}

/** A registry that has a blob in the repository `bench-N-SIZE`, and of the size that its name ends in. */
function give(request: IncomingMessage, response: ServerResponse): void {
  const [, n = '', sizeText = ''] = /bench-(\d+)-(\d+)\//.exec(request.url!) ?? []
  const size = Number(sizeText)
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const range = { first: Number(first ?? 0), last: Number(last ?? size - 1) }
  response.writeHead(first === undefined ? 200 : 206, {
    'content-length': range.last - range.first + 1,
    ...(first === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${size}` }),
  })
  pipeline(Readable.from(bytesFor(Number(n), range.first, range.last)), response, () => {})
}

/** A store that takes everything and keeps nothing. */
function take(request: IncomingMessage, response: ServerResponse): void {
  request.on('end', () => response.writeHead(200, { etag: '"0"', 'content-length': 0 }).end())
  request.resume()
}
