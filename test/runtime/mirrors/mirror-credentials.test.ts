import { afterEach, expect, test, vi } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import type { CredentialsEvent } from '../../../src/core/event.ts'
import { signedBlobUrl } from '../../../src/core/mirror.ts'
import type { HeldCredentials } from '../../../src/core/signing/presign-signer.ts'
import { createSigning } from '../../../src/runtime/mirrors/mirror-credentials.ts'
import { blobDigest } from '../../core/world.ts'

const config = parseConfig(
  {
    upstreams: [{ registry: 'https://upstream.example' }],
    mirrors: [
      { id: 'aws/us-east-1', bucket: 'open' },
      { id: 'aws/eu-west-1', bucket: 'own', private: true, urlSeconds: 60 },
      {
        id: 'r2/global',
        bucket: 'r2',
        endpoint: 'https://account.r2.example',
        private: true,
        credentials: 'R2',
      },
    ],
  },
  'the test',
)
const r2 = { R2_ACCESS_KEY_ID: 'R2AK', R2_SECRET_ACCESS_KEY: 'R2SK' }
const aws = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' }

afterEach(() => {
  vi.useRealTimers()
})

test('each private mirror is signed for with the credentials that it names, else the usual ones', async () => {
  const signing = createSigning(config, { env: { ...r2, ...aws }, now: () => 0, openSearch: never })
  const [open, own, other] = signing.config.mirrors
  expect(open).toBe(config.mirrors[0])
  const queryOf = (mirror: typeof own) =>
    new URL(signedBlobUrl(mirror!, 'GET', blobDigest)).searchParams
  expect(queryOf(own).get('X-Amz-Credential')).toBe('AKIA/19700101/eu-west-1/s3/aws4_request')
  expect(queryOf(own).get('X-Amz-Expires')).toBe('60')
  expect(queryOf(other).get('X-Amz-Credential')).toBe('R2AK/19700101/auto/s3/aws4_request')
  expect(queryOf(other).get('X-Amz-Expires')).toBe('900')
  const stop = await signing.start(never)
  stop()
})

test('with no private mirror nothing is changed, looked for or wanted', async () => {
  const open = { ...config, mirrors: config.mirrors.slice(0, 1) }
  const signing = createSigning(open, { env: {}, now: () => 0, openSearch: never })
  expect(signing.config).toBe(open)
  const stop = await signing.start(never)
  stop()
})

test('serve does not start where the environment lacks what a mirror names', () => {
  const env = { ...aws, R2_ACCESS_KEY_ID: 'R2AK' }
  expect(() => createSigning(config, { env, now: () => 0 })).toThrow(
    'wanted R2_SECRET_ACCESS_KEY in the environment, got none',
  )
})

test.for<[number, string]>([
  [0, '1 or more, got 0'],
  [604_801, 'at most 604800, got 604801'],
])('an address cannot hold for %i seconds', ([urlSeconds, message]) => {
  const mirrors = [{ id: 'aws/us-east-1', bucket: 'own', private: true, urlSeconds }]
  const json = { upstreams: [{ registry: 'https://upstream.example' }], mirrors }
  expect(() => parseConfig(json, 'the test')).toThrow(`mirrors[0].urlSeconds: wanted ${message}`)
})

test('until a service has looked for credentials, a private mirror of a configuration serves nobody', () => {
  expect(config.mirrors.map(({ signer }) => signer?.isReady())).toEqual([undefined, false, false])
})

test('lent credentials are looked for until they are there, and again before they are over', async () => {
  const world = createLending()
  const { signer, events, pass } = world
  world.found = new Error('no role here')
  const stop = await world.start()
  expect(signer.isReady()).toBe(false)
  await pass(10_000)
  expect(world.looks).toBe(2)

  world.found = lent('first', 600_000)
  await pass(10_000)
  expect(signer.isReady()).toBe(true)
  expect(tokenOf(world)).toBe('first')
  world.found = lent('second', 1_200_000)
  await pass(60_000)
  expect(tokenOf(world)).toBe('second')

  // What there is is used to its end, and no longer.
  world.found = new Error('the role is away')
  await pass(600_000)
  expect([signer.isReady(), tokenOf(world)]).toEqual([true, 'second'])
  await pass(600_000)
  expect(signer.isReady()).toBe(false)
  world.found = lent('third', 9_000_000)
  await pass(10_000)
  expect([signer.isReady(), tokenOf(world)]).toEqual([true, 'third'])

  expect(events.map(({ outcome, problem, mirrors }) => [outcome, problem, mirrors])).toEqual([
    ['missing', 'no role here', ['aws/eu-west-1']],
    ['found', undefined, ['aws/eu-west-1']],
    ['missing', 'the role is away', ['aws/eu-west-1']],
    ['found', undefined, ['aws/eu-west-1']],
  ])
  stop()
  const { looks } = world
  await pass(600_000)
  expect(world.looks).toBe(looks)
})

test('a search that does not end does not keep the service from starting', async () => {
  const world = createLending()
  world.find = () => new Promise(() => {})
  let started = false
  const starting = world.start().then((stop) => {
    started = true
    return stop
  })
  await world.pass(2999)
  expect(started).toBe(false)
  await world.pass(1)
  expect(started).toBe(true)
  // One who was silent once is asked again.
  world.find = async () => lent('late', 9_000_000)
  await world.pass(27_000)
  expect(world.events).toMatchObject([{ outcome: 'missing', problem: 'no answer in 30000 ms' }])
  await world.pass(10_000)
  expect(tokenOf(world)).toBe('late')
  ;(await starting)()
})

test('the AWS SDK is asked where the environment says when its credentials are over', async () => {
  const expiry = new Date(Date.now() + 3_600_000).toISOString()
  const env = { ...aws, ...r2, AWS_SESSION_TOKEN: 'T', AWS_CREDENTIAL_EXPIRATION: expiry }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const signing = createSigning(config, { env, now: Date.now })
  const { signer } = signing.config.mirrors[1]!
  expect(signer!.isReady()).toBe(false)
  const events: CredentialsEvent[] = []
  const stop = await signing.start((event) => events.push(event))
  stop()
  vi.unstubAllEnvs()
  expect(events).toMatchObject([{ outcome: 'found' }])
  expect(signer!.isReady()).toBe(true)
  expect(signer!.sign('GET', 'key')).toContain('&X-Amz-Security-Token=T&')
})

function lent(sessionToken: string, expiresAtMs: number): HeldCredentials {
  return { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken, expiresAtMs }
}

/** A search that finds what the test says, and the clock. */
function createLending() {
  vi.useFakeTimers()
  let nowMs = 0
  const events: CredentialsEvent[] = []
  const world = {
    looks: 0,
    found: new Error('nothing') as HeldCredentials | Error,
    find: async (): Promise<HeldCredentials> => {
      world.looks++
      if (world.found instanceof Error) throw world.found
      return world.found
    },
    events,
    pass: async (ms: number) => {
      nowMs += ms
      await vi.advanceTimersByTimeAsync(ms)
    },
  }
  const openSearch = async () => () => world.find()
  const signing = createSigning(config, { env: r2, now: () => nowMs, openSearch })
  const signer = signing.config.mirrors[1]!.signer!
  return Object.assign(world, { signer, start: () => signing.start((event) => events.push(event)) })
}

function tokenOf({ signer }: ReturnType<typeof createLending>): string | null {
  return new URL(signer.sign('GET', 'key')).searchParams.get('X-Amz-Security-Token')
}

function never(): never {
  throw new Error('wanted nobody to ask')
}
