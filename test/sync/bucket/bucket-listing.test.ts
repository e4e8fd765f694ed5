import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../../src/core/digest.ts'
import { faultFor, listingStale, refusing } from '../../../src/embedded/store-fault.ts'
import { createBucket, name, openMirror } from './bucket-world.ts'
import { mirrorOf } from '../world.ts'

const hexDigits = Array.from({ length: 16 }, (_, digit) => digit.toString(16))

const hexes = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom(...hexDigits), minLength: 64, maxLength: 64 }),
  { maxLength: 40 },
)

test.for([
  'containers/images/{algorithm}:{hex}',
  'docker/registry/v2/blobs/{algorithm}/{hex:2}/{hex}/data',
  'odd/{hex:0}x{hex}',
])('a listing in parts is the whole listing: %s', async (keyTemplate) => {
  const { store, url } = await createBucket({ pageLimit: 3 })
  let count = 0
  await fc.assert(
    fc.asyncProperty(hexes, async (all) => {
      const each = `bucket-${(count += 1)}`
      store.createBucket(each)
      const bucket = openMirror({ ...mirrorOf('us-east-1', url), bucket: each, keyTemplate })
      const digests = all.map(digestOfHex)
      digests.forEach((digest, at) => {
        store.putObject(each, bucket.mirror.keys.keyOf(digest), new Uint8Array(at))
      })
      for (const other of ['0', '9z', 'README', 'zz']) {
        store.putObject(each, bucket.mirror.keys.prefix + other, new Uint8Array(7))
      }
      const listed = new Map(await bucket.listBlobs())
      expect(listed).toEqual(new Map(digests.map((digest, at) => [digest, at])))
      await bucket.close()
    }),
    { numRuns: 25 },
  )
})

test('what fits on a page is one request; what does not is asked for by the first digit', async () => {
  const { store, bucket } = await createBucket({ pageLimit: 10 })
  for (const digit of '0123456789') {
    store.putObject(name, `containers/images/sha256:${digit.repeat(64)}`, new Uint8Array())
  }
  expect((await bucket.listBlobs()).size).toBe(10)
  expect(store.requests.length).toBe(1)

  for (const digit of 'abcdef') {
    store.putObject(name, `containers/images/sha256:${digit.repeat(64)}`, new Uint8Array())
  }
  expect((await bucket.listBlobs()).size).toBe(16)
  // One page, what is left of 9, and a to f.
  expect(store.requests.length).toBe(1 + 1 + 7)
})

test('a part of a listing that fails is a failure of the whole', async () => {
  const { store, bucket } = await createBucket({ pageLimit: 10 })
  for (const digit of '0123456789abcdef') {
    store.putObject(name, `containers/images/sha256:${digit.repeat(64)}`, new Uint8Array())
  }
  const isOfB = ({ url }: Request) => url.includes('sha256%3Ab')
  store.intercept = faultFor(isOfB, refusing('AccessDenied'))
  await expect(bucket.listBlobs()).rejects.toMatchObject({ code: 'AccessDenied' })
})

test('a stale listing has what is gone, and has not what is new', async () => {
  const { store, bucket } = await createBucket()
  const [old, fresh] = ['a', 'b'].map((digit) => digestOfHex(digit.repeat(64))) as [
    ReturnType<typeof digestOfHex>,
    ReturnType<typeof digestOfHex>,
  ]
  store.putObject(name, `containers/images/${old}`, new Uint8Array(1))
  store.intercept = listingStale()
  await bucket.listBlobs()
  store.deleteObject(name, `containers/images/${old}`)
  store.putObject(name, `containers/images/${fresh}`, new Uint8Array(2))
  expect([...(await bucket.listBlobs())]).toEqual([[old, 1]])
  store.intercept = undefined
  expect([...(await bucket.listBlobs())]).toEqual([[fresh, 2]])
})
