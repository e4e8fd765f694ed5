import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { createStore } from '../../src/embedded/store.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { addresses, startTestService } from './service.ts'

const image = imageOf({ architecture: 'amd64' })
const { digest, mediaType } = image.descriptor
const text = new TextDecoder().decode(image.bytes)
const headers = { 'x-forwarded-for': addresses['aws/eu-west-1'], accept: mediaType }

test('a real service keeps manifests, in redirect mode too, and outlives its upstream', async () => {
  const { registry, registryUrl, close } = await startRegistry()
  const { url, adminUrl, events } = await start({
    upstreams: [{ registry: registryUrl }],
    manifests: {},
  })
  const ask = (reference: string) => fetch(`${url}/v2/app/manifests/${reference}`, { headers })
  for (const reference of ['1.0', digest, digest])
    expect(await (await ask(reference)).text()).toBe(text)
  expect(registry.requests.map(({ path }) => path)).toEqual(['/v2/app/manifests/1.0'])

  await close()
  const stale = await ask('1.0')
  expect(stale.headers.get('warning')).toMatch(
    /^299 - "nearport: the upstream did not answer; this/,
  )
  expect(await stale.text()).toBe(text)
  expect((await ask('2.0')).status).toBe(503)
  expect(events.filter(({ event }) => event === 'request')).toMatchObject([
    { action: 'relay', reason: 'manifest', source: 'upstream' },
    { reason: 'known-manifest', source: 'memory' },
    { reason: 'known-manifest', source: 'memory' },
    { reason: 'stale', source: 'stale', status: 200, error: expect.stringContaining('no answer') },
    { reason: 'manifest', status: 503 },
  ])
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  expect(metrics).toContain('nearport_manifests_total{source="memory"} 2')
  expect(metrics).toContain('nearport_manifests_total{source="stale"} 1')
  expect(metrics).toContain('reason="stale"')
})

test('after a restart a mirror near the client has them', async () => {
  const { registry, registryUrl } = await startRegistry()
  const store = createStore({ accessKeyId: 'a', secretAccessKey: 'b' })
  store.createBucket('images', { publicPrefixes: ['containers/'] })
  store.putObject('images', `containers/images/${digest}`, image.bytes, {
    'content-type': mediaType,
  })
  const served = await serveEmbedded(store.fetch)
  onTestFinished(() => served.close())
  const { url } = await start({
    upstreams: [{ registry: registryUrl }],
    clientAddress: { header: 'x-forwarded-for' },
    mirrors: [
      { id: 'aws/eu-west-1', bucket: 'images', endpoint: served.url, forcePathStyle: true },
    ],
    presence: 'assume',
    manifests: { mirrors: true },
  })
  for (let n = 0; n < 2; n++) {
    const answer = await fetch(`${url}/v2/app/manifests/${digest}`, { headers })
    expect(answer.headers.get('x-nearport-reason')).toBe('known-manifest')
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([mediaType, text])
  }
  expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD'])
  expect(store.requests.map(({ method }) => method)).toEqual(['GET'])
})

test('tags that are asked for by HEAD cost no connection each', async () => {
  let connections = 0
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.method!)
    const named = { 'docker-content-digest': digest, 'content-type': mediaType }
    response.writeHead(200, { ...named, 'content-length': image.bytes.length })
    response.end(request.method === 'HEAD' ? undefined : text)
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const { url } = await start({
    upstreams: [{ registry: `http://127.0.0.1:${port}` }],
    manifests: {},
  })
  for (let n = 0; n < 6; n++) {
    const answer = await fetch(`${url}/v2/app/manifests/1.0`, { headers })
    expect(await answer.text()).toBe(text)
  }
  expect(asked).toEqual(['GET', 'HEAD', 'HEAD', 'HEAD', 'HEAD', 'HEAD'])
  expect(connections).toBeLessThanOrEqual(2)
})

async function startRegistry() {
  const registry = createRegistry()
  push(registry, 'app', image, '1.0')
  const served = await serveEmbedded(registry.fetch)
  let close = served.close
  onTestFinished(() => close())
  return {
    registry,
    registryUrl: served.url,
    close: async () => {
      close = () => Promise.resolve()
      await served.close()
    },
  }
}

async function start(json: object) {
  const service = await startTestService(json)
  onTestFinished(() => service.drain())
  return service
}
