import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { sendRaw } from '../runtime/raw-request.ts'
import type { OnBun } from './parts/place.ts'
import { startOnBun } from './parts/place.ts'

const digest = `sha256:${'a'.repeat(64)}`
const upstreams = [{ registry: 'http://upstream.example' }]
const assumed = { upstreams, mirrors: [{ id: 'aws/eu-west-1', bucket: 'b' }], presence: 'assume' }

async function start(config: object): Promise<OnBun> {
  const started = await startOnBun(config)
  onTestFinished(() => started.stop())
  return started
}

async function serveUpstream(answer: RequestListener) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('what is no GET, has no Host or sends a body is answered in the registry’s own form', async () => {
  const { port } = await start(assumed)
  const closing = 'Connection: close\r\n'
  const upload = `Content-Length: 3000000\r\n${closing}\r\n${'x'.repeat(3_000_000)}`
  for (const [text, status] of [
    [`CONNECT a:80 HTTP/1.1\r\nHost: a\r\n${closing}\r\n`, 405],
    [`TRACE /v2/ HTTP/1.1\r\nHost: a\r\n${closing}\r\n`, 405],
    [`POST /v2/app/blobs/uploads/ HTTP/1.1\r\nHost: a\r\n${upload}`, 405],
    ['GET /v2/../v2/ HTTP/1.0\r\n\r\n', 200],
    [`GET /v2/ HTTP/1.1\r\nHost: \r\n${closing}\r\n`, 200],
    [`GET /v2/ HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\n${closing}\r\n`, 200],
  ] as const) {
    const answer = (await sendRaw(port, text))!
    expect([text.slice(0, 20), answer.status]).toEqual([text.slice(0, 20), status])
    expect(answer.headers).toContainEqual(['content-type', 'application/json'])
    expect(JSON.parse(answer.body)).toEqual(
      status === 200 ? {} : { errors: [expect.objectContaining({ code: 'UNSUPPORTED' })] },
    )
  }
})

test('an answer to HEAD has a Date, and a redirect a length', async () => {
  const { port } = await start(assumed)
  for (const [path, status, length] of [
    ['/v2/', 200, '2'],
    [`/v2/app/blobs/${digest}`, 307, '0'],
    ['/v2/app/blobs/none', 400, expect.stringMatching(/^\d\d+$/)],
  ] as const) {
    const answer = (await sendRaw(
      port,
      `HEAD ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    ))!
    const { date, 'content-length': bytes } = Object.fromEntries(answer.headers)
    expect([answer.status, bytes, answer.body]).toEqual([status, length, ''])
    expect(Math.abs(Date.parse(date!) - Date.now())).toBeLessThan(60_000)
  }
})

test('where a client is connected from is known', async () => {
  const optOut = { addresses: ['127.0.0.0/8'] }
  const { url } = await start({ ...assumed, clientAddress: 'socket', optOut })
  const answer = await fetch(`${url}/v2/app/blobs/${digest}`, { redirect: 'manual' })
  expect(answer.headers.get('x-nearport-reason')).toBe('opted-out')
})

test('a blob too long to be gathered comes whole, in chunks', async () => {
  const bytes = Buffer.alloc(6_000_000, 'long')
  const wanted = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const registry = await serveUpstream((_, response) => {
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  })
  const { url } = await start({ upstreams: [{ registry, mode: 'relay' }] })
  const answer = await fetch(`${url}/v2/app/blobs/${wanted}`)
  expect(answer.headers.get('transfer-encoding')).toBe('chunked')
  expect(bytes.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true)
})

test('while it drains, requests under way end and new ones are answered', async () => {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  let asked: () => void = () => {}
  const isAsked = new Promise<void>((resolve) => (asked = resolve))
  const registry = await serveUpstream((_, response) => {
    asked()
    void released.then(() => response.end('{"name":"x","tags":[]}'))
  })
  const service = await startOnBun({ ...assumed, upstreams: [{ registry }], drainSeconds: 0.5 })

  const underWay = fetch(`${service.url}/v2/app/tags/list`)
  await isAsked
  const stopped = service.stop()
  await expect.poll(async () => (await fetch(`${service.adminUrl}/readyz`)).status).toBe(503)
  const fresh = await fetch(`${service.url}/v2/app/blobs/${digest}`, { redirect: 'manual' })
  expect([fresh.status, fresh.headers.get('connection')]).toEqual([307, 'close'])
  // The drain's time is over, and the slow request is still answered.
  setTimeout(release, 800)
  expect((await underWay).status).toBe(200)
  await stopped
  await expect(fetch(`${service.url}/v2/`)).rejects.toThrow('fetch failed')
})

test('a port that is taken is an error that names it', async () => {
  const { port } = await start(assumed)
  await expect(start({ ...assumed, port })).rejects.toThrow(
    `port ${port} of 127.0.0.1 is taken (EADDRINUSE)`,
  )
})
