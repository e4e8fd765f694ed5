import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { addresses, startTestService } from './service.ts'

const digest = `sha256:${'a'.repeat(64)}`
const assumed = {
  upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
  mirrors: [
    { id: 'aws/us-east-1', bucket: 'a', publicUrl: 'http://us.example' },
    { id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://eu.example' },
  ],
  presence: 'assume',
  clientAddress: { header: 'x-forwarded-for' },
}
type TestService = Awaited<ReturnType<typeof startTestService>>
const services: TestService[] = []
const start = async (json: object): Promise<TestService> => {
  const service = await startTestService(json)
  services.push(service)
  return service
}
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.drain()))
})

test('the socket is where a caller is when the configuration says so', async () => {
  const { url } = await start({ ...assumed, clientAddress: 'socket' })
  const response = await pull(url, addresses['aws/eu-west-1'])
  expect(response.headers.get('x-nearport-reason')).toBe('no-location')
})

test('operators have a port of their own, and clients cannot see it', async () => {
  const { url, adminUrl } = await start(assumed)
  await pull(url, addresses['aws/eu-west-1'])
  expect((await fetch(`${adminUrl}/livez`)).status).toBe(200)

  const ready = await fetch(`${adminUrl}/readyz`)
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({
    ready: true,
    presence: 'assume',
    ranges: [{ cloud: 'aws' }, { cloud: 'gcp' }, { cloud: 'azure' }],
  })
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  expect(metrics).toMatch(
    /^nearport_requests_total\{kind="blob",method="GET",status="307",action="mirror",reason="in-region",mirror="aws\/eu-west-1",cloud="aws",region="eu-west-1"\} 1$/m,
  )
  expect(metrics).not.toContain(digest)
  expect(await (await fetch(`${adminUrl}/hosts`)).text()).toMatch(/\tmirror aws\/eu-west-1\t-$/m)
  const { hosts } = (await (await fetch(`${adminUrl}/hosts.json`)).json()) as { hosts: object[] }
  expect(hosts).toContainEqual(expect.objectContaining({ what: ['mirror aws/eu-west-1'] }))
  for (const path of ['/', '/report.json', '/livez', '/readyz', '/metrics', '/hosts']) {
    expect((await fetch(url + path)).status).toBe(404)
  }
})

test('with no index it starts, is ready, and sends everyone to the upstream', async () => {
  const { url, adminUrl, events } = await start({
    ...assumed,
    presence: 'index',
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://127.0.0.1:1' }],
  })
  const response = await pull(url, addresses['aws/eu-west-1'])
  expect(response.headers.get('x-nearport-reason')).toBe('no-index')
  expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200)
  expect(await (await fetch(`${adminUrl}/metrics`)).text()).not.toMatch(/^nearport_index_blobs /m)
  expect(events[0]).toMatchObject({ event: 'index', outcome: 'missing' })
})

test('while it drains, requests under way end and new ones are answered', async () => {
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const upstream = createServer((_, response) => {
    void released.then(() => response.end('{"name":"x","tags":[]}'))
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const registry = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const service = await startTestService({
    ...assumed,
    upstreams: [{ registry }],
    drainSeconds: 0.5,
  })

  const underWay = fetch(`${service.url}/v2/app/tags/list`)
  const drained = service.drain()
  expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(503)
  const fresh = await pull(service.url, addresses['aws/eu-west-1'])
  expect(fresh.status).toBe(307)
  expect(fresh.headers.get('connection')).toBe('close')
  // The drain's time is over, and the slow request is still answered.
  setTimeout(release, 800)
  expect((await underWay).status).toBe(200)
  await drained
  await expect(fetch(`${service.url}/v2/`)).rejects.toThrow('fetch failed')
  upstream.close()
})

test('a port that is taken is an error that names it, and leaves nothing behind', async () => {
  const first = await start(assumed)
  await expect(startTestService({ ...assumed, adminPort: first.adminPort })).rejects.toThrow(
    /port \d+ of 127\.0\.0\.1 is taken \(EADDRINUSE\)/,
  )
})

function pull(url: string, address: string): Promise<Response> {
  return fetch(`${url}/v2/app/blobs/${digest}`, {
    redirect: 'manual',
    headers: { 'x-forwarded-for': address },
  })
}
