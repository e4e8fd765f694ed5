import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { createNodeRelay } from '../../src/runtime/node-relay.ts'
import { exchange } from '../embedded/wire.ts'
import { startTestService } from './service.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'

// Relay mode on the wire, where what is broken must look broken.
const digest = `sha256:${'a'.repeat(64)}`
const image = imageOf({ architecture: 'amd64', files: [{ path: 'a', content: 'a' }] })

test('an image comes through a real service from a registry that wants tokens', async () => {
  const registry = createRegistry({ auth: {} })
  push(registry, 'app', image, '1.0')
  const served = await serveEmbedded(registry.fetch)
  onTestFinished(() => served.close())
  const { url, events } = await start(served.url)

  // Two header lines of the same name, as some clients send Accept.
  const { mediaType } = image.descriptor
  const lines = ['Host: a', 'Accept: text/plain', `Accept: ${mediaType}`, 'Connection: close']
  const port = Number(new URL(url).port)
  const request = `GET /v2/app/manifests/1.0 HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  const manifest = await exchange(port, request)
  expect(manifest.head).toMatch(/^HTTP\/1\.1 200/)
  expect(manifest.body).toBe(new TextDecoder().decode(image.bytes))
  const head = await exchange(port, request.replace('GET', 'HEAD'))
  for (const { head: headers } of [manifest, head]) {
    expect(headers).toMatch(new RegExp(`^content-length: ${image.descriptor.size}\r?$`, 'im'))
    expect(headers).toMatch(
      new RegExp(`^docker-content-digest: ${image.descriptor.digest}\r?$`, 'im'),
    )
  }
  const { descriptor, bytes } = image.blobs.at(-1)!
  const blob = await fetch(`${url}/v2/app/blobs/${descriptor.digest}`)
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(new Uint8Array(bytes))
  const requests = events.filter(({ event }) => event === 'request')
  expect(requests).toMatchObject([
    { kind: 'manifest', action: 'upstream', reason: 'manifest', status: 200 },
    { kind: 'manifest', method: 'HEAD', status: 200 },
    { kind: 'blob', action: 'upstream', reason: 'no-location', status: 200 },
  ])
})

test.for<[string, (response: ServerResponse) => void]>([
  [
    'with a length, is cut short',
    (response) => {
      response.writeHead(200, { 'content-length': 50_000 })
      response.write('x'.repeat(40_000), () => response.destroy())
    },
  ],
  [
    'without a length, is cut short',
    (response) => {
      response.write('x'.repeat(40_000), () => response.destroy())
    },
  ],
  [
    'without a length, goes beyond the cap',
    (response) => {
      response.write('x'.repeat(40_000))
      response.end('x'.repeat(40_000))
    },
  ],
])('a blob that, %s breaks the client’s connection', async ([, respond]) => {
  const told = hearErrors()
  const { url } = await start(await serve((_, response) => respond(response)))
  const answer = await fetch(`${url}/v2/app/blobs/${digest}`)
  expect(answer.status).toBe(200)
  await expect(answer.arrayBuffer()).rejects.toThrow('terminated')
  expect(told).toEqual([expect.stringContaining('what the upstream sends broke off')])
})

test('a failure that comes while the client is waited for is no end of its answer', async () => {
  hearErrors()
  // Each piece is more than a socket takes before it says that it is full.
  const { url } = await start(
    await serve((_, response) => {
      for (let n = 0; n < 3; n++) response.write('x'.repeat(30_000))
      response.end()
    }),
  )
  const request = `GET /v2/app/blobs/${digest} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
  for (let n = 0; n < 3; n++) {
    const { head, body } = await exchange(Number(new URL(url).port), request)
    expect(head).toMatch(/^transfer-encoding: chunked\r?$/im)
    expect(body).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(body).not.toContain('Error')
  }
})

test('a client that leaves in the middle of a blob takes the upstream’s body with it', async () => {
  let hasLeft = () => {}
  const left = new Promise<void>((resolve) => (hasLeft = resolve))
  const registry = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 60_000 })
    response.write('x'.repeat(30_000))
    response.on('close', hasLeft)
  })
  const { url } = await start(registry)
  const leaving = new AbortController()
  const answer = await fetch(`${url}/v2/app/blobs/${digest}`, { signal: leaving.signal })
  expect(answer.status).toBe(200)
  leaving.abort()
  await left
})

test('connections to the upstream serve again, whatever became of what it said', async () => {
  let connections = 0
  const page = '<a href="https://cdn.example/x">Temporary Redirect</a>'
  const registry = await serve(
    (request, response) => {
      const isBlob = request.url!.includes('/blobs/')
      response.writeHead(isBlob ? 307 : 404, { location: 'https://cdn.example/x' })
      // In two pieces, as over a long way.
      response.write(page.slice(0, 9))
      setTimeout(() => response.end(page.slice(9)), 2)
    },
    () => connections++,
  )
  const { url } = await start(registry)
  for (let n = 0; n < 10; n++) {
    const answers = ['tags/list', 'manifests/1', `blobs/${digest}`].map((rest) =>
      fetch(`${url}/v2/app/${rest}`, { redirect: 'manual' }),
    )
    for (const answer of await Promise.all(answers)) await answer.text()
    // What nobody waits for is read meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(connections).toBeLessThanOrEqual(6)
})

test('credentials that are configured and not there keep the service from starting', () => {
  const upstream = { registry: 'https://registry.example', credentials: 'HUB' }
  const relayed = parse({ ...upstream, mode: 'relay' })
  const env = { HUB_USERNAME: 'me', HUB_PASSWORD: '' }
  const health = { hear: () => {} }
  expect(() => createNodeRelay(relayed, env, health)).toThrow(
    'wanted HUB_PASSWORD in the environment for https://registry.example, got none',
  )
  // Where clients are redirected, only sync needs them.
  expect(() => createNodeRelay(parse(upstream), {}, health)).not.toThrow()
})

/** What @hono/node-server says on standard error while a test runs. */
function hearErrors(): readonly string[] {
  const told: string[] = []
  const spy = vi.spyOn(console, 'error').mockImplementation((error) => told.push(String(error)))
  onTestFinished(() => spy.mockRestore())
  return told
}

function parse(upstream: object) {
  return parseConfig({ upstreams: [upstream] }, 'the test')
}

async function start(registry: string) {
  const service = await startTestService({
    upstreams: [{ registry, mode: 'relay' }],
    relay: { inlineBytes: 65_536 },
  })
  onTestFinished(() => service.drain())
  return service
}

async function serve(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
  onConnection: () => void = () => {},
): Promise<string> {
  const server = createServer(respond)
  server.on('connection', onConnection)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
