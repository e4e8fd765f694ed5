import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { readBounded } from '../../src/proxy/read-bounded.ts'
import { plainFetch } from '../../src/runtime/plain-fetch.ts'

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const limits = { maxBytes: 1000, idleMs: 5000 }

test('an answer is read as fetch reads it: status, headers and bytes', async () => {
  const url = await serve((request, answer) => {
    answer.writeHead(203, { 'X-Told': request.headers['accept-encoding'] }).end('bytes')
  })
  const answer = await get(url)
  expect([answer.status, answer.headers.get('x-told')]).toEqual([203, 'identity'])
  expect(answer.headers.get('x-other')).toBeNull()
  expect(text(await readBounded(answer, limits))).toBe('bytes')
})

test.for<[string, (request: IncomingMessage, answer: ServerResponse) => void]>([
  [
    'a redirect is followed',
    ({ url }, answer) => {
      if (url === '/') answer.writeHead(307, { Location: '/there' }).end()
      else answer.end('bytes')
    },
  ],
  [
    'a coding that nobody asked for is undone',
    (_, answer) => {
      answer.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('bytes'))
    },
  ],
])('%s', async ([, handle]) => {
  const answer = await get(await serve(handle))
  expect([answer.status, text(await readBounded(answer, limits))]).toEqual([200, 'bytes'])
})

test('a body that breaks off fails, and one that is too long is let go', async () => {
  const broken = await serve((_, answer) => {
    answer.writeHead(200, { 'Content-Length': 100 }).write('some', () => answer.destroy())
  })
  await expect(get(broken).then((answer) => readBounded(answer, limits))).rejects.toThrow('aborted')

  const endless = await serve((_, answer) => {
    const more = () => {
      while (answer.write('x'.repeat(500)));
    }
    answer.on('drain', more)
    more()
  })
  await expect(get(endless).then((answer) => readBounded(answer, limits))).rejects.toThrow(
    'wanted at most 1000 bytes, got more',
  )
})

test('nobody there, and nobody who answers in time, are said to be so', async () => {
  const url = await serve(() => {})
  const reason = new Error('no answer in 10 ms')
  const late = new AbortController()
  setTimeout(() => late.abort(reason), 10)
  await expect(get(url, late.signal)).rejects.toBe(reason)
  await expect(get(url, AbortSignal.abort(reason))).rejects.toBe(reason)
  await expect(get('http://127.0.0.1:1/')).rejects.toThrow('ECONNREFUSED')
})

async function serve(
  handle: (request: IncomingMessage, answer: ServerResponse) => void,
): Promise<string> {
  const server = createServer(handle)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

function get(url: string, signal: AbortSignal = new AbortController().signal) {
  return plainFetch(url, { headers: { 'accept-encoding': 'identity' }, cache: 'no-store', signal })
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
