import { Agent } from 'undici'
import { expect, test } from 'vitest'
import { defaultKeys } from '../../../src/core/key-template.ts'
import { observe } from '../../../src/embedded/observe.ts'
import { createStore } from '../../../src/embedded/store.ts'
import { canaryOf } from '../../../src/sync/publish/canary.ts'
import { checkCanary } from '../../../src/sync/publish/canary-check.ts'
import { digestOf } from '../../../src/sync/content-digest.ts'
import { credentials, patience, serve } from '../world.ts'

const deps = { dispatcher: new Agent(), patience, stop: new AbortController().signal }
const canary = canaryOf('aws/a')
const size = canary.bytes.length
const key = defaultKeys.keyOf(canary.digest)

async function createMirror() {
  const store = createStore(credentials)
  store.createBucket('bucket', { publicPrefixes: ['containers/'] })
  store.putObject('bucket', key, canary.bytes)
  const url = await serve(store)
  const mirror = {
    id: 'aws/a',
    cloud: 'aws',
    region: 'a',
    publicUrl: `${url}/bucket`,
    keys: defaultKeys,
  }
  return { store, mirror }
}

test('a mirror that serves anyone passes, and is asked as anyone', async () => {
  const { store, mirror } = await createMirror()
  expect(await checkCanary(mirror, deps)).toBeUndefined()
  expect(store.requests.map(({ method, headers }) => [method, headers['range']])).toEqual([
    ['GET', undefined],
    ['HEAD', undefined],
    ['GET', 'bytes=1-1'],
    ['GET', 'bytes=1-'],
  ])
  for (const { headers } of store.requests) expect(headers).not.toHaveProperty('authorization')
})

const only =
  (method: string, answer: (isRange: boolean) => Response | undefined) => (request: Request) =>
    request.method === method ? answer(request.headers.has('range')) : undefined

test.for<[string, (request: Request) => Response | undefined, RegExp]>([
  [
    'other bytes',
    only('GET', () => new Response('[]')),
    new RegExp(`^wanted the ${size} bytes of the canary from GET .*, got 2 bytes of sha256:`),
  ],
  [
    'a page for people',
    only('GET', () => new Response('x'.repeat(9_000_000))),
    /, got \d+ bytes of sha256:/,
  ],
  ['403', only('GET', () => new Response('', { status: 403 })), /, got 403$/],
  ['another place', only('GET', () => Response.redirect('http://127.0.0.1:1/', 307)), /, got 307$/],
  [
    'packed bytes',
    only('GET', () => new Response('{}', { headers: { 'content-encoding': 'gzip' } })),
    /as they are, got Content-Encoding gzip$/,
  ],
  [
    'no HEAD',
    only('HEAD', () => new Response(null, { status: 405 })),
    new RegExp(`^wanted 200 and Content-Length ${size} from HEAD .*, got 405 and none$`),
  ],
  [
    'HEAD with another length',
    only('HEAD', () => new Response(null, { headers: { 'content-length': '7' } })),
    /, got 200 and 7$/,
  ],
  [
    'the whole for a range',
    only('GET', (isRange) => (isRange ? new Response('{}') : undefined)),
    new RegExp(
      `^wanted 206, bytes 1-1/${size} and 1 byte from GET .* with Range bytes=1-1, got 200, no range and 2 bytes$`,
    ),
  ],
  [
    'another range',
    only('GET', (isRange) =>
      isRange
        ? new Response('{', { status: 206, headers: { 'content-range': 'bytes 0-0/2' } })
        : undefined,
    ),
    /, got 206, bytes 0-0\/2 and 1 byte$/,
  ],
  [
    'the whole for a range with no end',
    (request) =>
      request.headers.get('range') === 'bytes=1-' ? new Response(canary.bytes) : undefined,
    new RegExp(
      `^wanted 206, bytes 1-${size - 1}/${size} and ${size - 1} bytes from GET .* with Range bytes=1-, got 200, no range and ${size} bytes$`,
    ),
  ],
  [
    '503 for good',
    () => new Response('', { status: 503 }),
    /^wanted the canary at http.*, got 503$/,
  ],
])('a mirror that answers with %s does not pass', async ([, intercept, message]) => {
  const { store, mirror } = await createMirror()
  store.intercept = intercept
  expect(await checkCanary(mirror, deps)).toMatch(message)
})

test('a moment’s 503 is no failure', async () => {
  const { store, mirror } = await createMirror()
  let asked = 0
  store.intercept = () => (asked++ === 0 ? new Response('', { status: 503 }) : undefined)
  expect(await checkCanary(mirror, deps)).toBeUndefined()
})

test('an address where nobody is does not pass', async () => {
  const { mirror } = await createMirror()
  expect(await checkCanary({ ...mirror, publicUrl: 'http://127.0.0.1:1/b' }, deps)).toMatch(
    /ECONNREFUSED/,
  )
})

test('a mirror that never answers is not waited for', async () => {
  const url = await serve(observe(() => new Promise<Response>(() => {})))
  const { mirror } = await createMirror()
  const short = { ...deps, patience: { ...patience, deadlineMs: 100 } }
  expect(await checkCanary({ ...mirror, publicUrl: url }, short)).toMatch(/timeout/)
})

test('a mirror whose address leads to the bucket of another does not pass', async () => {
  const { store, mirror } = await createMirror()
  // The two bytes that lie in many a bucket are no proof.
  store.putObject('bucket', defaultKeys.keyOf(digestOf(Buffer.from('{}'))), Buffer.from('{}'))
  expect(await checkCanary({ ...mirror, id: 'aws/b' }, deps)).toMatch(/, got 403$/)
})
