import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createMirrorIndexReader } from '../../src/proxy/mirror-index-reader.ts'
import { mirrorOf } from '../core/world.ts'

const pointer = {
  generation: 1,
  sha256: 'a'.repeat(64),
  sizeBytes: 6,
  key: 'nearport/index/1.bin',
  publishedAt: '2026-01-01T00:00:00.000Z',
  checkedAt: '2026-01-01T00:00:00.000Z',
}

test('an index may come slowly, as long as it comes', async () => {
  const reader = await readerOf((_, response) => {
    const bytes = 'abcdef'.split('')
    const timer = setInterval(() => {
      const next = bytes.shift()
      if (next === undefined) response.end()
      else response.write(next)
    }, 150)
    response.once('close', () => clearInterval(timer))
  })
  // All of it takes longer than any one byte may.
  expect(new TextDecoder().decode(await reader.file(pointer))).toBe('abcdef')
})

test.for<[string, RequestListener, string]>([
  ['nothing at all', () => {}, 'no answer in 600 ms'],
  ['a body that stops', (_, response) => void response.write('abc'), 'no byte came for 600 ms'],
  [
    'a body without end',
    (_, response) => void response.write('abcdefg'),
    'wanted at most 6 bytes, got more',
  ],
  [
    'more than was promised',
    (_, response) => void response.writeHead(200, { 'content-length': '7' }).write('a'),
    'wanted at most 6 bytes, got 7',
  ],
  [
    'an error',
    (_, response) => void response.writeHead(500).end(),
    'wanted 200 for nearport/index/1.bin, got 500',
  ],
])('an index that is %s is given up', async ([, listener, message]) => {
  const reader = await readerOf(listener)
  await expect(reader.file(pointer)).rejects.toThrow(message)
})

test.for<[string, number, string]>([
  [
    'is perhaps there, and not public',
    403,
    'no index is published there, or nearport/index/ is not public (403)',
  ],
  ['cannot be had', 503, 'wanted 200 for its pointer, got 503'],
])('a pointer that %s is said so', async ([, status, message]) => {
  const reader = await readerOf((_, response) => void response.writeHead(status).end())
  await expect(reader.pointer()).rejects.toThrow(message)
})

test('a pointer that is not there is nothing wrong', async () => {
  const reader = await readerOf((_, response) => void response.writeHead(404).end())
  expect(await reader.pointer()).toBeUndefined()
})

test('a pointer is read, and one without end is not', async () => {
  const good = await readerOf((_, response) => void response.end(JSON.stringify(pointer)))
  expect(await good.pointer()).toEqual(pointer)
  const endless = await readerOf((_, response) => void response.write(' '.repeat(100_000)))
  await expect(endless.pointer()).rejects.toThrow('wanted at most 65536 bytes, got more')
})

async function readerOf(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return createMirrorIndexReader(
    { ...mirrorOf('aws/eu-west-1'), publicUrl },
    { fetch, idleMs: 600 },
  )
}
