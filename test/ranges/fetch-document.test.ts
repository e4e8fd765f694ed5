import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { fetchDocument, withoutQuery } from '../../src/ranges/fetch-document.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ranges.json?key=secret`
}

const deps = { fetch, mostBytes: 1000, patienceMs: 5000 }

test('a document comes with its ETag, compressed or not', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { ETag: '"one"', 'Content-Encoding': 'gzip' })
    response.end(gzipSync('{"a":1}'))
  })
  const came = await fetchDocument(url, undefined, deps)
  expect(came).toEqual({ kind: 'document', bytes: expect.any(Uint8Array), etag: '"one"' })
  expect(new TextDecoder().decode((came as { bytes: Uint8Array }).bytes)).toBe('{"a":1}')
})

test.for<[string, string | undefined]>([
  ['W/"weak"', 'W/"weak"'],
  ['unquoted', undefined],
  ['"with a space"', undefined],
  [`"${'x'.repeat(300)}"`, undefined],
  ['', undefined],
])('of the ETag %s is kept what can be sent again', async ([etag, kept]) => {
  const url = await serve((_, response) => response.writeHead(200, { ETag: etag }).end('{}'))
  expect(await fetchDocument(url, undefined, deps)).toMatchObject({ etag: kept })
})

test('whoever has a document asks for another one alone', async () => {
  const url = await serve((request, response) => {
    response.writeHead(request.headers['if-none-match'] === '"one"' ? 304 : 200).end()
  })
  expect(await fetchDocument(url, '"one"', deps)).toEqual({ kind: 'unchanged' })
  expect(await fetchDocument(url, '"two"', deps)).toMatchObject({ kind: 'document' })
})

test.for<[string, RequestListener, RegExp]>([
  ['an error', (_, response) => response.writeHead(503).end('x'), /^wanted status 200, got 503$/],
  [
    'a 304 that nobody asked for',
    (_, response) => response.writeHead(304).end(),
    /^wanted status 200, got 304$/,
  ],
  [
    'more bytes than it may',
    (_, response) => response.end('x'.repeat(1001)),
    /^wanted at most 1000 bytes, got more$/,
  ],
  [
    'more bytes than it may once they are unpacked',
    (_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('x'.repeat(100_000))),
    /^wanted at most 1000 bytes, got more$/,
  ],
  [
    'a body that is not in the encoding that it says',
    (_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end('{"a":1}'),
    /./,
  ],
  [
    'a body that ends before its length',
    (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' }).write('{')
      setImmediate(() => response.destroy())
    },
    /./,
  ],
])('%s is a failure', async ([, listener, message]) => {
  const failed = await fetchDocument(await serve(listener), undefined, deps).catch(
    (error: unknown) => error,
  )
  expect(failed).toBeInstanceOf(Error)
  expect((failed as Error).message).toMatch(message)
  expect((failed as Error).message).not.toContain('secret')
})

test.for<[string, RequestListener]>([
  ['never answers', () => {}],
  ['never ends', (_, response) => void response.write('{')],
])('an address that %s is given up', async ([, listener]) => {
  const asking = fetchDocument(await serve(listener), undefined, { ...deps, patienceMs: 50 })
  await expect(asking).rejects.toThrow('wanted a document within 50 ms, got no whole one')
})

test('an address that was asked by https leads to no other', async () => {
  const redirected = { redirected: true, url: 'http://b.example/x' }
  const answer = Object.defineProperties(new Response('{}'), {
    redirected: { value: redirected.redirected },
    url: { value: redirected.url },
  })
  const asking = fetchDocument('https://a.example/', undefined, {
    ...deps,
    fetch: () => Promise.resolve(answer),
  })
  await expect(asking).rejects.toThrow('wanted https all the way, got sent to http://b.example')
})

test('an address is told without its query', () => {
  expect(withoutQuery('https://a.example/d.json?key=secret#x')).toBe('https://a.example/d.json')
})
