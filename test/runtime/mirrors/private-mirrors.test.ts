import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { push } from '../../../src/embedded/images.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { createSamples } from '../../../src/embedded/samples.ts'
import type { Served } from '../../../src/embedded/serve.ts'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import { createStore } from '../../../src/embedded/store.ts'
import { runSync } from '../../../src/sync/run.ts'
import { credentials, env, mirrorOf, patience } from '../../sync/world.ts'
import { addresses, startTestService } from '../service.ts'

// A service whose one mirror gives nothing to whoever has no signature, beside a real sync.
const [hello] = createSamples()
const layer = hello!.image.children[0]!.blobs.at(-1)!
const path = `/v2/hello/blobs/${layer.descriptor.digest}`
const key = `containers/images/sha256%3A${layer.descriptor.digest.slice(7)}`

afterEach(() => {
  vi.unstubAllEnvs()
})

const store = createStore(credentials)
const registry = createRegistry()
let served: readonly Served[]
let json: object

beforeAll(async () => {
  for (const { repository, tags, image } of createSamples()) {
    push(registry, repository, image, ...tags)
  }
  served = await Promise.all([serveEmbedded(registry.fetch), serveEmbedded(store.fetch)])
  const [upstream, mirror] = served
  store.createBucket('mirror-us-east-1')
  json = {
    upstreams: [{ registry: upstream!.url }],
    mirrors: [{ ...mirrorOf('us-east-1', mirror!.url), private: true, urlSeconds: 60 }],
    clientAddress: { header: 'x-forwarded-for' },
    index: { refreshSeconds: 0.05 },
  }
  const stop = new AbortController().signal
  const deps = { now: Date.now, record: () => {}, env, stop, patience }
  const { problems } = await runSync(parseConfig(json, 'the test'), deps)
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
})
afterAll(async () => {
  await Promise.all(served.map((each) => each.close()))
})

async function startWorld(changes: object = {}, secret = credentials.secretAccessKey) {
  vi.stubEnv('TEST_ACCESS_KEY_ID', credentials.accessKeyId)
  vi.stubEnv('TEST_SECRET_ACCESS_KEY', secret)
  const service = await startTestService({ ...json, ...changes })
  const ask = (method: string, range?: string) =>
    fetch(service.url + path, {
      method,
      redirect: 'manual',
      headers: {
        'x-forwarded-for': addresses['aws/us-east-1'],
        ...(range !== undefined && { range }),
      },
    })
  return { ...service, ask }
}

test('clients get an address that is signed for their own method, from an index that was read by one', async () => {
  const service = await startWorld()
  try {
    const answer = await service.ask('GET')
    const location = answer.headers.get('location')!
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([307, 'no-store'])
    expect(location.split('?')[0]).toBe(`${served[1]!.url}/mirror-us-east-1/${key}`)
    expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('60')
    const blob = await fetch(location, { headers: { range: 'bytes=1-' } })
    expect([blob.status, (await blob.bytes()).length]).toEqual([206, layer.descriptor.size - 1])
    expect((await fetch(location, { method: 'HEAD' })).status).toBe(403)
    expect((await fetch(location.split('?')[0]!)).status).toBe(403)

    const head = await service.ask('HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([
      200,
      String(layer.descriptor.size),
    ])
    expect(JSON.stringify(service.events)).not.toMatch(/X-Amz/i)
    const form = `path=${encodeURIComponent(path)}&ip=${addresses['aws/us-east-1']}`
    const page = await (await fetch(`${service.adminUrl}/explain?${form}`)).text()
    expect(page).toContain('signed: yes')
    expect(page).not.toMatch(/X-Amz/i)
  } finally {
    await service.drain()
  }
})

test('where a private mirror is asked what it holds, the question is signed, and so is a HEAD’s answer', async () => {
  const service = await startWorld({ presence: 'probe' })
  try {
    const before = store.requests.length
    const answer = await service.ask('HEAD')
    const asked = store.requests.slice(before)
    expect(asked.map(({ method, path: at }) => [method, at.includes('X-Amz-Signature')])).toEqual([
      ['HEAD', true],
    ])
    // Its size is known by now; a mirror that says none would be asked by the client itself.
    expect(answer.status).toBe(200)
    expect((await service.ask('GET')).status).toBe(307)
  } finally {
    await service.drain()
  }
})

test('a whole replica’s HEAD is signed as one', async () => {
  const service = await startWorld({ presence: 'assume' })
  try {
    const location = (await service.ask('HEAD')).headers.get('location')!
    expect((await fetch(location, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(location)).status).toBe(403)
  } finally {
    await service.drain()
  }
})

test('nobody is sent where our signature was refused, and everybody again once it is taken', async () => {
  const service = await startWorld()
  const reason = async () => (await service.ask('GET')).headers.get('x-nearport-reason')
  try {
    expect(await reason()).toBe('in-region')
    store.intercept = () => new Response('', { status: 403 })
    await vi.waitFor(async () => expect(await reason()).toBe('unhealthy'), 5000)
    const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^nearport_mirror_healthy\{mirror="aws\/us-east-1"\} 0$/m)
    store.intercept = undefined
    await vi.waitFor(async () => expect(await reason()).toBe('in-region'), 5000)
  } finally {
    await service.drain()
  }
})

test('with another’s secret no index is read, and every client gets the upstream', async () => {
  const service = await startWorld({}, 'another')
  try {
    const answer = await service.ask('GET')
    expect(answer.headers.get('x-nearport-reason')).toBe('no-index')
    expect(JSON.stringify(service.events)).toContain('the credentials may not read it (403)')
  } finally {
    await service.drain()
  }
})
