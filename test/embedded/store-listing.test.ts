import * as fc from 'fast-check'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveEmbedded } from '../../src/embedded/serve.ts'
import { createStore } from '../../src/embedded/store.ts'
import { clientOf } from './store-conformance.ts'

const credentials = { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' }
const store = createStore(credentials)
let served: Served

beforeAll(async () => {
  served = await serveEmbedded(store.fetch)
})
afterAll(() => served.close())

const keys = fc.uniqueArray(
  fc.string({
    unit: fc.constantFrom('a', 'b', '/', '+', ' ', 'é', '\u{fffd}', '\u{1f600}'),
    minLength: 1,
    maxLength: 5,
  }),
  { maxLength: 12 },
)

test('pages of any size, with any prefix and delimiter, together are the whole listing', async () => {
  const client = clientOf({
    endpoint: served.url,
    region: 'us-east-1',
    ...credentials,
  })
  let bucket = 0
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.constantFrom('', 'a', 'a/', '/'),
      fc.constantFrom(undefined, '/', 'b'),
      fc.integer({ min: 1, max: 4 }),
      async (all, Prefix, Delimiter, MaxKeys) => {
        const Bucket = `bucket-${(bucket += 1)}`
        store.createBucket(Bucket)
        for (const key of all) store.putObject(Bucket, key, new Uint8Array())

        const seen: string[] = []
        let ContinuationToken: string | undefined
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket, Prefix, Delimiter, MaxKeys, ContinuationToken }),
          )
          const names = [
            ...(page.Contents ?? []).map(({ Key = '' }) => Key),
            ...(page.CommonPrefixes ?? []).map((folded) => folded.Prefix ?? ''),
          ]
          expect(page.KeyCount).toBe(names.length)
          expect(names.length).toBeLessThanOrEqual(MaxKeys)
          seen.push(...names.toSorted(compareUtf8))
          ContinuationToken = page.NextContinuationToken
        } while (ContinuationToken !== undefined)
        expect(seen).toEqual(slowListing(all, Prefix, Delimiter))
      },
    ),
    { numRuns: 60 },
  )
  client.destroy()
})

function slowListing(all: string[], prefix: string, delimiter: string | undefined): string[] {
  const names = all
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      if (delimiter === undefined) return key
      const [head = '', ...rest] = key.slice(prefix.length).split(delimiter)
      return rest.length === 0 ? key : prefix + head + delimiter
    })
  return [...new Set(names)].toSorted(compareUtf8)
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
