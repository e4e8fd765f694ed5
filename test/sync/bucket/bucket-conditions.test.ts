import { expect, test } from 'vitest'
import { StoreError, storeErrorResponse } from '../../../src/embedded/store-error.ts'
import { faultFor, refusing } from '../../../src/embedded/store-fault.ts'
import { digestOf } from '../../../src/sync/content-digest.ts'
import { createBucket, name, streamOf } from './bucket-world.ts'

const bytes = Buffer.from('a blob')
const other = Buffer.from('another')
const keyOf = (content: Buffer) => `containers/images/${digestOf(content)}`
const isConditional = ({ headers }: Request) =>
  headers.has('if-none-match') || headers.has('if-match')
const json = { contentType: 'application/json', cacheControl: 'no-cache' }

test('a blob that is there is left as it is, unless it is to be written over', async () => {
  const { store, bucket } = await createBucket()
  const put = (overwrite?: boolean) =>
    bucket.putBlob(
      digestOf(bytes),
      bytes.length,
      streamOf(bytes),
      overwrite === undefined ? {} : { overwrite },
    )
  expect(await put()).toBe('stored')
  expect(await put()).toBe('there')
  store.putObject(name, keyOf(bytes), other)
  expect(await put(false)).toBe('there')
  expect(Buffer.from(store.findObject(name, keyOf(bytes))!.bytes).toString()).toBe('another')
  expect(await put(true)).toBe('stored')
  expect(Buffer.from(store.findObject(name, keyOf(bytes))!.bytes).toString()).toBe('a blob')
})

test('a store is asked once whether it knows the condition, before the first blob', async () => {
  const { store, bucket } = await createBucket()
  await Promise.all(
    [bytes, other].map((each) => bucket.putBlob(digestOf(each), each.length, streamOf(each))),
  )
  const paths = store.requests.map(({ path }) => decodeURIComponent(path.split('?')[0]!))
  expect(paths[0]).toBe(`/${name}/nearport/write-once.txt`)
  expect(paths.slice(1).toSorted()).toEqual(
    [bytes, other].map((each) => `/${name}/${keyOf(each)}`).toSorted(),
  )
})

test('what a store made of the condition before is not asked again', async () => {
  const { store, bucket } = await createBucket()
  await bucket.put('nearport/mirror.json', other, { ...json, onlyIfAbsent: true })
  await bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes))
  expect(store.requests.length).toBe(2)
})

test('a store that does not know the condition is asked without it from then on', async () => {
  const { store, bucket } = await createBucket()
  store.intercept = faultFor(isConditional, refusing('NotImplemented'))
  for (const each of [bytes, other, bytes]) {
    expect(await bucket.putBlob(digestOf(each), each.length, streamOf(each))).toBe('stored')
  }
  expect(store.requests.filter(({ headers }) => 'if-none-match' in headers).length).toBe(1)
})

test('a store that refuses the question refuses the blob, whose body is let go', async () => {
  const { store, bucket } = await createBucket()
  store.intercept = refusing('AccessDenied')
  const body = streamOf(bytes)
  await expect(bucket.putBlob(digestOf(bytes), bytes.length, body)).rejects.toMatchObject({
    code: 'AccessDenied',
  })
  expect(body.destroyed).toBe(true)
  store.intercept = undefined
  expect(await bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes))).toBe('stored')
})

test('two who write the same blob at once are told that trying again helps', async () => {
  const { store, bucket } = await createBucket()
  const isBlob = ({ url }: Request) => url.includes('containers/')
  store.intercept = faultFor(isBlob, refusing('ConditionalRequestConflict'), 1)
  const put = () => bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes))
  await expect(put()).rejects.toMatchObject({ status: 409, retryable: true })
  expect(await put()).toBe('stored')
})

test('a stream is sent once, however passing the failure: nobody could send it again', async () => {
  const { store, bucket } = await createBucket()
  const isBlob = ({ url }: Request) => url.includes('containers/')
  store.intercept = faultFor(isBlob, refusing('SlowDown'))
  await expect(
    bucket.putBlob(digestOf(bytes), bytes.length, streamOf(bytes)),
  ).rejects.toMatchObject({ code: 'SlowDown', retryable: true })
  expect(store.requests.filter(({ path }) => path.includes('containers/')).length).toBe(1)
})

test('a version is replaced by who read it, and not by who read the one before', async () => {
  const { bucket } = await createBucket()
  const key = 'nearport/index/current.json'
  expect(await bucket.getVersioned(key)).toBeUndefined()
  await bucket.put(key, Buffer.from('1'), json)
  const { etag } = (await bucket.getVersioned(key))!
  await bucket.put(key, Buffer.from('2'), { ...json, ifMatch: etag })
  await expect(bucket.put(key, Buffer.from('3'), { ...json, ifMatch: etag })).rejects.toMatchObject(
    { status: 412, retryable: false },
  )
  expect(Buffer.from((await bucket.getVersioned(key))!.bytes).toString()).toBe('2')
})

test('where a store knows no If-Match, the last who writes wins, and it is not asked again', async () => {
  const { store, bucket } = await createBucket()
  store.intercept = faultFor(isConditional, () =>
    storeErrorResponse(new StoreError('NotImplemented')),
  )
  for (const text of ['1', '2']) {
    await bucket.put('nearport/x', Buffer.from(text), { ...json, ifMatch: '"none"' })
  }
  expect(Buffer.from((await bucket.get('nearport/x'))!).toString()).toBe('2')
  expect(store.requests.filter(({ headers }) => 'if-match' in headers).length).toBe(1)
})
