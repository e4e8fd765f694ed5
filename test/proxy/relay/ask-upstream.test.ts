import { expect, test } from 'vitest'
import { createRegions } from '../../../src/core/regions.ts'
import { createUpstreamPlaces } from '../../../src/core/upstream-places.ts'
import { createUpstreamHealth } from '../../../src/proxy/upstream/health.ts'
import type { SentRequest } from './relay-world.ts'
import { createRelayApp, stubFetch } from './relay-world.ts'

const digest = `sha256:${'d'.repeat(64)}`
const addresses = ['https://b.example', 'https://c.example'].map((registry) => ({ registry }))

type Answers = Readonly<Record<string, () => Response | Promise<Response>>>

function createWorld(answers: Answers, upstream: object = { addresses }) {
  const changed: string[] = []
  const clock = { ms: 1000 }
  const health = createUpstreamHealth({
    now: () => clock.ms,
    changed: (registry, up) => changed.push(`${registry} ${up ? 'up' : 'down'}`),
  })
  const places = createUpstreamPlaces(createRegions([]), health.isUp)
  const { fetch, sent } = stubFetch(({ url }: SentRequest) => answers[new URL(url).hostname[0]!]!())
  const app = createRelayApp('https://a.example', { fetch, health, places, upstream })
  const ask = async (target = '/v2/app/manifests/1') => {
    sent.length = 0
    const response = await app.ask(target)
    return `${response.status} ${sent.map(({ url }) => new URL(url).hostname[0]).join('')}`
  }
  return { ask, changed, clock }
}

const manifest = () =>
  new Response('{}', {
    headers: { 'content-length': '2', 'docker-content-digest': digest, 'content-type': 'a/b' },
  })
const down = () => Promise.reject(new TypeError('fetch failed'))
const broken = () => new Response(null, { status: 503 })
const unknown = () => new Response(null, { status: 404 })

test.for<[string, Answers, string]>([
  ['the first address that answers is asked alone', { a: manifest }, '200 a'],
  // What gets no answer is sent once more.
  ['where it does not, the next is', { a: down, b: manifest }, '200 aab'],
  ['where it is not well, the next is', { a: broken, b: broken, c: manifest }, '200 abc'],
  ['where none is, the last one’s answer counts', { a: broken, b: down, c: broken }, '503 abbc'],
  ['where none answers, there is no answer', { a: broken, b: down, c: down }, '503 abbcc'],
  ['an answer that says no is an answer', { a: unknown }, '404 a'],
])('%s', async ([, answers, wanted]) => {
  expect(await createWorld(answers).ask()).toBe(wanted)
})

test('an address that failed three times in a row is left out, until it may be tried again', async () => {
  const answers: Record<string, () => Response> = { a: broken, b: manifest }
  const { ask, changed, clock } = createWorld(answers)
  for (let i = 0; i < 3; i++) expect(await ask()).toBe('200 ab')
  expect(changed).toEqual(['https://a.example down'])
  expect(await ask()).toBe('200 b')

  clock.ms += 10_000
  expect(await ask()).toBe('200 ab')
  expect(await ask()).toBe('200 b')

  clock.ms += 10_000
  answers['a'] = manifest
  expect(await ask()).toBe('200 a')
  expect(changed).toEqual(['https://a.example down', 'https://a.example up'])
})

test('an address that hangs has its share of the time, and the next the rest', async () => {
  const hang = (init?: RequestInit) =>
    new Promise<Response>((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
    })
  const fetchNow: typeof fetch = (input, init) =>
    new Request(input).url.startsWith('https://a.') ? hang(init) : Promise.resolve(manifest())
  const places = createUpstreamPlaces(createRegions([]), () => true)
  const changes = { fetch: fetchNow, places, upstream: { addresses }, timeoutMs: 90 }
  const response = await createRelayApp('https://a.example', changes).ask('/v2/app/manifests/1')
  expect(response.status).toBe(200)
})

test.for<[string, string, Answers, string]>([
  [
    'a signature’s blob is asked where signatures are',
    `blobs/${digest}`,
    { a: unknown, s: manifest },
    '200 as',
  ],
  ['so is its manifest by digest', `manifests/${digest}`, { a: unknown, s: manifest }, '200 as'],
  ['what is nowhere is nowhere', `blobs/${digest}`, { a: unknown, s: unknown }, '404 as'],
  ['a tag is where all tags are', 'manifests/1.0', { a: unknown }, '404 a'],
  ['what is there is asked for nowhere else', `manifests/${digest}`, { a: manifest }, '200 a'],
  [
    'a signature’s tag is asked there alone',
    `manifests/sha256-${'d'.repeat(64)}.sig`,
    { s: manifest },
    '200 s',
  ],
])('%s', async ([, rest, answers, wanted]) => {
  const upstream = { signatures: 'https://s.example' }
  expect(await createWorld(answers, upstream).ask(`/v2/app/${rest}`)).toBe(wanted)
})
