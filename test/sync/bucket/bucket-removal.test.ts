import { expect, test } from 'vitest'
import { faultFor, refusing } from '../../../src/embedded/store-fault.ts'
import { digestOf } from '../../../src/sync/content-digest.ts'
import { createBucket, name } from './bucket-world.ts'

const digests = Array.from({ length: 2001 }, (_, n) => digestOf(Buffer.from(`${n}`)))
const keyOf = (n: number) => `containers/images/${digests[n]}`

async function createFull(count: number) {
  const world = await createBucket()
  for (let n = 0; n < count; n++) world.store.putObject(name, keyOf(n), new Uint8Array())
  world.store.putObject(name, 'nearport/mirror.json', new Uint8Array())
  return world
}

test('blobs are removed a thousand a request, and nothing else', async () => {
  const { store, bucket } = await createFull(2001)
  const { removed, failed } = await bucket.removeBlobs(digests)
  expect(removed).toEqual(digests)
  expect(failed.size).toBe(0)
  expect(store.keys(name)).toEqual(['nearport/mirror.json'])
  expect(store.requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST'])
  expect(store.requests[0]!.headers).toHaveProperty('content-md5')
})

test('what the store keeps is told, and why', async () => {
  const { store, bucket } = await createFull(3)
  const error = `<Error><Key>${keyOf(1)}</Key><Code>AccessDenied</Code><Message>no</Message></Error>`
  store.intercept = () => new Response(`<DeleteResult>${error}</DeleteResult>`)
  const { removed, failed } = await bucket.removeBlobs(digests.slice(0, 3))
  expect(removed).toEqual([digests[0], digests[2]])
  expect([...failed.keys()]).toEqual([digests[1]])
  expect(failed.get(digests[1]!)).toMatchObject({ code: 'AccessDenied', retryable: false })
})

test('a request that is refused keeps all of its blobs, and the next one is made', async () => {
  const { store, bucket } = await createFull(1500)
  store.intercept = faultFor(() => true, refusing('AccessDenied'), 1)
  const { removed, failed } = await bucket.removeBlobs(digests.slice(0, 1500))
  expect(removed.length).toBe(500)
  expect(failed.size).toBe(1000)
  expect(store.keys(name, 'containers/').length).toBe(1000)
})

test('a store that cannot remove many at once removes one by one', async () => {
  const { store, bucket } = await createFull(20)
  store.intercept = (request) => {
    if (request.method === 'POST') return refusing('NotImplemented')(request, neverNext)
    return request.url.includes(digests[7]!.slice(7))
      ? refusing('AccessDenied')(request, neverNext)
      : undefined
  }
  const { removed, failed } = await bucket.removeBlobs(digests.slice(0, 20))
  expect(removed.length).toBe(19)
  expect([...failed.keys()]).toEqual([digests[7]])
  expect(store.keys(name, 'containers/')).toEqual([keyOf(7)])
})

function neverNext(): Promise<Response> {
  throw new Error('nobody asks')
}
