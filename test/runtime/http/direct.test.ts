import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import type { ServiceEvent } from '../../../src/core/event.ts'
import { createDirect } from '../../../src/runtime/http/direct.ts'
import type { Listener } from '../../../src/runtime/http/listener.ts'
import { listen } from '../../../src/runtime/http/listener.ts'
import { makeNodeParts } from '../../../src/runtime/node-parts.ts'
import { sendRaw } from '../raw-request.ts'
import { addresses } from '../service.ts'

const config = parseConfig(
  {
    upstreams: [
      { registry: 'http://upstream.example', cloud: 'gcp' },
      { repositories: 'hub', registry: 'http://hub.example', hosts: ['hub.example'] },
    ],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://mirror.example' }],
    presence: 'assume',
    clientAddress: { header: 'X-Forwarded-For', fromRight: 1 },
    optOut: { header: 'X-No-Mirror' },
    health: { everySeconds: 0 },
  },
  'the test',
)
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
const blob = `/v2/app/blobs/${digest}`

/** One with the short way, and one without; what the first took itself is counted. */
type Sides = { readonly short: Side; readonly long: Side }
type Side = { readonly listener: Listener; readonly events: ServiceEvent[] }
let sides: Sides
let taken = 0

beforeAll(async () => {
  const start = async (isShort: boolean): Promise<Side> => {
    const events: ServiceEvent[] = []
    const { app, atOnce } = makeNodeParts(config, {
      record: (event) => events.push(event),
      env: {},
    })
    const direct = createDirect(atOnce)
    const counted: typeof direct = (incoming, outgoing, otherwise) => {
      taken++
      direct(incoming, outgoing, (...of) => {
        taken--
        otherwise(...of)
      })
    }
    const served = { fetch: app.fetch, direct: isShort ? counted : undefined }
    return { listener: await listen(served, { host: '127.0.0.1', port: 0 }), events }
  }
  sides = { short: await start(true), long: await start(false) }
})
afterAll(async () => {
  for (const { listener } of [sides.short, sides.long]) await listener.close(0)
})

type Asked = {
  readonly method?: string
  readonly target: string
  readonly host?: string
  readonly headers?: readonly string[]
}

/** What came of a request by either way, with whatever tells the time left out. */
async function askBoth({ method = 'GET', target, host = 'registry.example', headers = [] }: Asked) {
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers]
  const text = `${lines.join('\r\n')}\r\n\r\n`
  const answers = []
  for (const { listener, events } of [sides.short, sides.long]) {
    const answer = await sendRaw(listener.port, text)
    answers.push({
      status: answer?.status,
      body: answer?.body,
      headers: answer?.headers.filter(([name]) => name !== 'date').toSorted(),
      events: events.splice(0).map((event) => ({ ...event, timeMs: 0, durationMs: 0 })),
    })
  }
  return answers
}

const from = (address: string) => `X-Forwarded-For: ${address}`
const ireland = from(addresses['aws/eu-west-1'])

test.for<[string, Asked]>([
  ['a blob that a mirror holds', { target: blob, headers: [ireland] }],
  ['the same by HEAD', { method: 'HEAD', target: blob, headers: [ireland] }],
  ['a blob for nowhere known', { target: blob }],
  ['a part of a blob', { target: blob, headers: [ireland, 'Range: bytes=5-'] }],
  ['a blob with a query', { target: `${blob}?ns=registry.example&a=b`, headers: [ireland] }],
  ['a blob by the name of an upstream', { target: blob, host: 'hub.example' }],
  ['a blob by a port', { target: blob, host: 'registry.example:8080', headers: [ireland] }],
  ['a registry that is not here', { target: `${blob}?ns=quay.example` }],
  ['a registry that is', { target: `${blob}?ns=hub.example` }],
  ['one who is left out', { target: blob, headers: [ireland, 'X-No-Mirror: 1'] }],
  ['an address in two headers', { target: blob, headers: [ireland, from('203.0.113.10')] }],
  ['a manifest', { target: '/v2/app/manifests/1.0' }],
  ['the version', { target: '/v2/', headers: [ireland] }],
  ['the version by HEAD', { method: 'HEAD', target: '/v2/' }],
  ['a digest that is none', { target: '/v2/app/blobs/sha256:12' }],
  ['a name that is none', { target: `/v2/App/blobs/${digest}` }],
  ['a push', { method: 'POST', target: '/v2/app/blobs/uploads/', headers: ['Content-Length: 0'] }],
  ['a deletion', { method: 'DELETE', target: '/v2/app/manifests/1.0' }],
  ['the catalog', { target: '/v2/_catalog' }],
  ['a body that nobody wants', { target: blob, headers: [ireland, 'Content-Length: 0'] }],
])('%s is answered by the short way, as by the long one', async ([, asked]) => {
  taken = 0
  const [short, long] = await askBoth(asked)
  expect(short).toEqual(long)
  expect(short?.events).toHaveLength(1)
  expect(taken).toBe(1)
})

test.for<[string, Asked]>([
  ['a body', { method: 'POST', target: blob, headers: ['Content-Length: 2', '', '{}'] }],
  [
    'a body in chunks',
    { method: 'PUT', target: blob, headers: ['Transfer-Encoding: chunked', '', '0'] },
  ],
  ['another path', { target: '/token?scope=a' }],
  ['escapes', { target: `/v2/app/blobs/${digest.replace(':', '%3A')}` }],
  ['dot segments', { target: `/v2/app/../other/blobs/${digest}` }],
  ['a backslash', { target: `/v2/app\\blobs/${digest}` }],
  ['a fragment', { target: `${blob}#a` }],
  ['a host in capitals', { target: blob, host: 'Registry.Example' }],
  ['a host that is none', { target: blob, host: 'a b' }],
  ['two hosts', { target: blob, headers: ['Host: other.example'] }],
  ['a port that is none', { target: blob, host: 'registry.example:99999' }],
])('what is not plain goes the long way: %s', async ([, asked]) => {
  taken = 0
  const [short, long] = await askBoth(asked)
  expect(short).toEqual(long)
  expect(taken).toBe(0)
})

test('whatever is asked, both ways answer the same', async () => {
  const piece = fc.constantFrom(
    'v2',
    'app',
    'blobs',
    'manifests',
    digest,
    '..',
    '.',
    '',
    '%2e',
    'é',
  )
  const end = fc.constantFrom('', '?', '?ns=hub.example', "?a='b'", '?a="b"', '?a=[b]', '?a=b%20|c')
  const target = fc
    .tuple(fc.array(piece, { maxLength: 5 }), end)
    .map(([pieces, query]) => `/v2/${pieces.join('/')}${query}`)
  const host = fc.constantFrom('registry.example', 'hub.example', 'HUB.example', '[::1]:80', 'a:b')
  const method = fc.constantFrom('GET', 'HEAD', 'PUT')
  const property = fc.asyncProperty(method, target, host, async (...[named, path, by]) => {
    const [short, long] = await askBoth({ method: named, target: path, host: by })
    expect(short).toEqual(long)
  })
  await fc.assert(property, { numRuns: 300 })
})

const blobRequest = (repository: string) =>
  `GET /v2/${repository}/blobs/${digest} HTTP/1.1\r\nHost: a.example\r\n${ireland}\r\n`

test('requests that come together are answered in their order, before whoever leaves', async () => {
  const { port } = sides.short.listener
  const together = ['a', 'b', 'sha256:12', 'c'].map((name) => `${blobRequest(name)}\r\n`).join('')
  const left = connect(port, '127.0.0.1', () =>
    left.end(`${blobRequest('left')}\r\n`, () => left.resetAndDestroy()),
  )
  const answer = await sendRaw(port, `${together}${blobRequest('last')}Connection: close\r\n\r\n`)
  const statuses = `HTTP/1.1 ${answer?.status}${answer?.body}`.match(/HTTP\/1\.1 \d+/g)
  expect(statuses).toEqual([307, 307, 400, 307, 307].map((status) => `HTTP/1.1 ${status}`))
  await expect.poll(() => sides.short.events.length).toBe(6)
  expect((await sendRaw(port, `${blobRequest('on')}Connection: close\r\n\r\n`))?.status).toBe(307)
  sides.short.events.splice(0)
})

test('who says with a request that no more will come gets the answer, and the end', async () => {
  const { port } = sides.short.listener
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const socket = connect(port, '127.0.0.1', () => socket.end(`${blobRequest('half')}\r\n`))
      return (await readText(socket)).split(' ')[1]
    }),
  )
  expect(answers).toEqual(Array.from({ length: 20 }, () => '307'))
  sides.short.events.splice(0)
})

test.for<[string, Parameters<typeof createDirect>[0]]>([
  [
    'cannot be decided',
    () => {
      throw new Error('as when an address cannot be signed')
    },
  ],
  ['cannot be written', () => ({ status: 307, headers: { Location: 'a\nb' }, body: null })],
])('what %s by the short way goes the long one', async ([, atOnce]) => {
  const fetch = () => new Response('by the long way')
  const served = { fetch, direct: createDirect(atOnce) }
  const listener = await listen(served, { host: '127.0.0.1', port: 0 })
  onTestFinished(() => listener.close(0))
  const answer = await sendRaw(listener.port, `${blobRequest('a')}Connection: close\r\n\r\n`)
  expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('by the long way') })
})
