import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { mediaTypes } from '../../e2e/parts/layout.ts'
import { createNoise } from './random.ts'
import { digestOf } from './synthetic-images.ts'

// A registry in a process of its own with one image, `big:1.0`, of one layer of `--bytes` that are
// made while they are sent, whole or by range. GET /asked says how many bytes of it were sent.

const { values } = parseArgs({ options: { port: { type: 'string' }, bytes: { type: 'string' } } })
const sizeBytes = Number(values.bytes)
const noise = createNoise('large')
const chunkBytes = 1_048_576
let sentBytes = 0

const config = '{"architecture":"amd64","os":"linux"}'
const layerDigest = hashLayer()
const describe = (mediaType: string, digest: string, size: number) => ({ mediaType, digest, size })
const manifest = JSON.stringify({
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: describe(mediaTypes.config, digestOf(config), config.length),
  layers: [describe(mediaTypes.layer, layerDigest, sizeBytes)],
})

createServer(answer).listen(Number(values.port), '127.0.0.1')

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url!.split('?')[0]!
  const send = (type: string, text: string) => {
    response.setHeader('docker-content-digest', digestOf(text)).setHeader('content-type', type)
    response.setHeader('content-length', text.length)
    response.end(request.method === 'HEAD' ? undefined : text)
  }
  if (path === '/asked') return send('application/json', JSON.stringify({ sentBytes }))
  if (path === '/v2/') return send('application/json', '{}')
  if (path === '/v2/big/tags/list') return send('application/json', '{"tags":["1.0"]}')
  if (path === '/v2/big/manifests/1.0' || path === `/v2/big/manifests/${digestOf(manifest)}`) {
    return send(mediaTypes.manifest, manifest)
  }
  if (path === `/v2/big/blobs/${digestOf(config)}`) return send('application/octet-stream', config)
  if (path === `/v2/big/blobs/${layerDigest}`) return sendLayer(request, response)
  response.statusCode = 404
  response.end('{"errors":[{"code":"NOT_FOUND"}]}')
}

function sendLayer(request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const from = Number(range?.[1] ?? 0)
  const to = Math.min(Number(range?.[2] || sizeBytes - 1), sizeBytes - 1)
  response.setHeader('accept-ranges', 'bytes').setHeader('content-length', to + 1 - from)
  response.setHeader('docker-content-digest', layerDigest).setHeader('etag', `"${layerDigest}"`)
  if (range !== null) {
    response.statusCode = 206
    response.setHeader('content-range', `bytes ${from}-${to}/${sizeBytes}`)
  }
  if (request.method === 'HEAD') return void response.end()
  Readable.from(chunksOf(from, to + 1))
    .on('error', () => response.destroy())
    .pipe(response)
}

function* chunksOf(from: number, end: number): Generator<Buffer> {
  // The noise begins at multiples of 16 alone.
  for (let at = from - (from % 16); at < end; at += chunkBytes) {
    const chunk = noise.read(at, Math.min(chunkBytes, end - at)).subarray(Math.max(0, from - at))
    sentBytes += chunk.length
    yield chunk
  }
}

function hashLayer(): string {
  const hash = createHash('sha256')
  for (let at = 0; at < sizeBytes; at += chunkBytes) {
    hash.update(noise.read(at, Math.min(chunkBytes, sizeBytes - at)))
  }
  return `sha256:${hash.digest('hex')}`
}
