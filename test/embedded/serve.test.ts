import { expect, test } from 'vitest'
import { corrupted, cutShort } from '../../src/embedded/fault.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { exchange } from './wire.ts'

const close = 'Host: a\r\nConnection: close\r\n\r\n'
const whole = () => new Response('0123456789', { headers: { 'Content-Length': '10' } })

test('the length in an answer to HEAD reaches the wire', async () => {
  const served = await serveEmbedded(
    async () => new Response(null, { headers: { 'Content-Length': '123456789' } }),
  )
  const answer = await exchange(served.port, `HEAD / HTTP/1.1\r\n${close}`)
  expect(answer.head).toMatch(/^content-length: 123456789$/im)
  expect(answer.head).not.toMatch(/transfer-encoding/i)
  await served.close()
})

test('an answer with a body has its length and no chunks', async () => {
  const served = await serveEmbedded(async () => whole())
  const answer = await exchange(served.port, `GET / HTTP/1.1\r\n${close}`)
  expect(answer.head).toMatch(/^content-length: 10$/im)
  expect(answer.body).toBe('0123456789')
  await served.close()
})

test('an answer that is cut short breaks the client’s transfer at once', async () => {
  const served = await serveEmbedded(async () => cutShort(whole(), 4))
  const response = await fetch(served.url)
  expect(response.headers.get('content-length')).toBe('10')
  await expect(response.arrayBuffer()).rejects.toThrow('terminated')

  const { body } = await exchange(served.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(body).toBe('0123')
  await served.close()
})

test('a corrupted answer has the right length and other bytes', async () => {
  const served = await serveEmbedded(async () => corrupted(whole()))
  const text = await (await fetch(served.url)).text()
  expect(text).toHaveLength(10)
  expect(text).not.toBe('0123456789')
  await served.close()
})

test('a port that is taken is an error that says so', async () => {
  const served = await serveEmbedded(async () => whole())
  const second = serveEmbedded(async () => whole(), { port: served.port })
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await served.close()
})

test('closing ends a connection that is still open, and frees the port', async () => {
  const served = await serveEmbedded(async () => whole())
  const open = exchange(served.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await fetch(served.url)
  await served.close()
  expect((await open).body).toBe('0123456789')
  await expect(fetch(served.url)).rejects.toThrow('fetch failed')
})

test('the global Request and Response stay what they were', async () => {
  const before = [globalThis.Request, globalThis.Response]
  const served = await serveEmbedded(async () => whole())
  expect([globalThis.Request, globalThis.Response]).toEqual(before)
  await served.close()
})
