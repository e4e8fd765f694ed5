import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import type { ServiceEvent } from '../../src/core/event.ts'
import type { PeerBindings } from '../../src/index.ts'
import { ConfigError, createNodeApp, parseConfig } from '../../src/index.ts'
import { addresses } from './service.ts'

const digest = `sha256:${'a'.repeat(64)}`
const blob = `/v2/app/blobs/${digest}`
const assumed = {
  upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
  mirrors: [
    { id: 'aws/us-east-1', bucket: 'a', publicUrl: 'http://us.example' },
    { id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://eu.example' },
  ],
  presence: 'assume',
}
const socketOf = (remoteAddress: string): PeerBindings => ({
  incoming: { socket: { remoteAddress } },
})

/** nearport below the paths of somebody's own. */
async function mount(json: object) {
  const events: ServiceEvent[] = []
  const record = (event: ServiceEvent) => void events.push(event)
  const { app: nearport, start } = createNodeApp(parseConfig(json, 'the test'), { record, env: {} })
  const app = new Hono<{ Bindings: PeerBindings }>()
  app.get('/about', (c) => c.text('ours'))
  app.route('/', nearport)
  onTestFinished(await start())
  const ask = async (
    path: string,
    bindings?: PeerBindings,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.request(path, { headers }, bindings)
    return {
      status: response.status,
      reason: response.headers.get('x-nearport-reason'),
      location: response.headers.get('location'),
      text: await response.text(),
    }
  }
  return { ask, events }
}

test('a client goes by the socket that its request came with', async () => {
  const { ask, events } = await mount(assumed)
  expect(await ask(blob, socketOf(addresses['aws/eu-west-1']))).toMatchObject({
    status: 307,
    reason: 'in-region',
    location: expect.stringMatching(/^http:\/\/eu\.example\//),
  })
  expect(events).toMatchObject([{ event: 'request', region: 'eu-west-1', reason: 'in-region' }])
})

test.for<[string, PeerBindings | undefined]>([
  ['without bindings', undefined],
  ['with the bindings of another server', {}],
])('a request %s is from nowhere, and still gets its image', async ([, bindings]) => {
  const { ask } = await mount(assumed)
  expect(await ask(blob, bindings)).toMatchObject({ status: 307, reason: 'no-location' })
})

test('a header says where a client is, where that is configured, and who opted out stays out', async () => {
  const { ask } = await mount({
    ...assumed,
    clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
    optOut: { addresses: [`${addresses['aws/us-east-1']}/32`] },
  })
  const from = (address: string) => ask(blob, undefined, { 'x-forwarded-for': address })
  expect((await from(addresses['aws/eu-west-1'])).reason).toBe('in-region')
  expect((await from(addresses['aws/us-east-1'])).reason).toBe('opted-out')
})

test('paths that are there before stay, and what is left is answered as a registry does', async () => {
  const { ask } = await mount(assumed)
  expect((await ask('/about')).text).toBe('ours')
  expect(await ask('/nothing')).toMatchObject({
    reason: 'refused',
    text: expect.stringMatching(/^\{"errors":\[/),
  })
})

test('without an index everybody gets the upstream, and one event says so', async () => {
  const { ask, events } = await mount({ ...assumed, presence: 'index', mirrors: [] })
  expect((await ask(blob, socketOf(addresses['aws/eu-west-1']))).status).toBe(307)
  expect(events[0]).toMatchObject({ event: 'index', outcome: 'missing' })
})

test('what is configured wrongly is said before anything starts', () => {
  expect(() => parseConfig({ upstreams: [] }, 'the test')).toThrow(ConfigError)
  const upstream = { registry: 'https://hub.example', mode: 'relay', credentials: 'HUB' }
  const config = parseConfig({ upstreams: [upstream] }, 'the test')
  expect(() => createNodeApp(config, { record: () => {}, env: {} })).toThrow('HUB_USERNAME')
})
