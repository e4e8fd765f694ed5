import { expect, test } from 'vitest'
import { createSigner } from '../../../src/core/signing/presign-signer.ts'

const keys = { accessKeyId: 'AK', secretAccessKey: 'SK' }

function createWorld(urlSeconds = 900) {
  let nowMs = 1_000_000_000_500
  const place = { url: 'https://b', region: 'us-east-1' }
  const signer = createSigner(place, { urlSeconds, now: () => nowMs })
  const lifetime = () => {
    const query = new URL(signer.sign('GET', 'key')).searchParams
    return Number(query.get('X-Amz-Expires'))
  }
  return { signer, lifetime, nowMs: () => nowMs, pass: (ms: number) => void (nowMs += ms) }
}

test('without credentials nobody may be sent there, and nothing is signed', () => {
  const { signer } = createWorld()
  expect(signer.isReady()).toBe(false)
  expect(() => signer.sign('GET', 'key')).toThrow('wanted credentials to sign addresses with')
})

test('credentials that hold for good sign for as long as was configured', () => {
  const { signer, lifetime, pass } = createWorld(60)
  signer.renew(keys)
  expect([signer.isReady(), lifetime()]).toEqual([true, 60])
  pass(86_400_000)
  expect([signer.isReady(), lifetime()]).toEqual([true, 60])
})

test('no address outlives the credentials that it was signed with, and the last ones are not used', () => {
  const { signer, lifetime, nowMs, pass } = createWorld(900)
  signer.renew({ ...keys, sessionToken: 'T', expiresAtMs: nowMs() + 1_000_000 })
  expect([signer.isReady(), lifetime()]).toEqual([true, 900])
  pass(400_000)
  expect([signer.isReady(), lifetime()]).toEqual([true, 600])
  pass(570_000)
  expect([signer.isReady(), lifetime()]).toEqual([true, 30])
  pass(1)
  expect(signer.isReady()).toBe(false)
  pass(29_999)
  expect(() => signer.sign('GET', 'key')).toThrow(/^wanted credentials/)

  signer.renew({ ...keys, expiresAtMs: nowMs() + 60_000 })
  expect([signer.isReady(), lifetime()]).toEqual([true, 60])
  signer.renew(undefined)
  expect(signer.isReady()).toBe(false)
})

test.for<[string, readonly number[], boolean]>([
  ['took it', [200], true],
  ['has nothing there, and says so', [404], true],
  ['refused it', [200, 403], false],
  ['wants another', [401], false],
  ['says that its token is over', [200, 400], false],
  ['is in another region', [301], false],
  ['is asked too often, which says nothing', [403, 429], false],
  ['was out of order, which says nothing', [403, 503], false],
  ['was out of order, which says nothing of the one before either', [200, 500], true],
  ['takes it again', [403, 200], true],
])('clients are sent where the bucket, asked with a signature, %s', ([, statuses, isReady]) => {
  const { signer } = createWorld()
  signer.renew(keys)
  for (const status of statuses) signer.hear(status)
  expect(signer.isReady()).toBe(isReady)
})

test('other credentials are tried again after a refusal', () => {
  const { signer } = createWorld()
  signer.renew(keys)
  signer.hear(403)
  signer.renew({ ...keys, secretAccessKey: 'SK2' })
  expect(signer.isReady()).toBe(true)
})
