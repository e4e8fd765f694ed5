import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { createBucketRanges } from '../../../src/runtime/ranges/bucket.ts'
import { awsDocument, bytesOf, tableOf, usualRows } from '../../ranges/fresh-documents.ts'

const first = 1_760_000_000
type Bucket = NonNullable<ReturnType<Parameters<typeof createBucketRanges>[2]>>

/** As much of an R2 bucket as is asked of one. */
function createBucket(): Bucket & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>()
  const bucket = {
    objects,
    get: (key: string) => {
      const bytes = objects.get(key)
      return Promise.resolve(bytes === undefined ? null : new Response(new Uint8Array(bytes)))
    },
    put: (key: string, bytes: Uint8Array) => Promise.resolve(objects.set(key, bytes)),
  }
  return bucket as unknown as Bucket & { readonly objects: Map<string, Uint8Array> }
}

test('what one isolate fetches, the others find in the bucket', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    const rows = [...usualRows, ['10.32.2.0/24', 'mx-central-1'] as const]
    response.end(bytesOf(awsDocument(first + 1, rows)))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const aws = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { ranges } = parseConfig(
    {
      upstreams: [{ registry: 'http://a.example' }],
      ranges: { sources: { aws, gcp: null }, directory: 'nowhere' },
    },
    'the test',
  )

  const bucket = createBucket()
  const one = createBucketRanges(ranges, tableOf(first), () => bucket)
  expect(await one.restore()).toEqual([])
  expect(await one.refreshDue()).toMatchObject([{ outcome: 'updated', cloud: 'aws', problems: [] }])
  expect([...bucket.objects.keys()]).toEqual(['nearport/ranges.bin'])

  const other = createBucketRanges(ranges, tableOf(first), () => bucket)
  expect(await other.restore()).toMatchObject([{ outcome: 'updated', cloud: 'aws' }])
  expect(other.table.locate('10.32.2.1')?.region).toBe('mx-central-1')

  // With no bucket nobody is asked.
  const alone = createBucketRanges(ranges, tableOf(first), () => undefined)
  expect(await alone.refreshDue()).toEqual([])
  expect(asked).toBe(1)
  server.close()
})

test('a copy that is newer in parts is merged with what was deployed, and kept so once', async () => {
  const { ranges } = parseConfig(
    {
      upstreams: [{ registry: 'http://a.example' }],
      ranges: { sources: { aws: null, gcp: null } },
    },
    'the test',
  )
  const bucket = createBucket()
  bucket.objects.set('nearport/ranges.bin', tableOf(first + 1))
  // Deployed with a newer document of Google's and an older one of AWS's.
  const deployed = tableOf(first, { gcpVersion: 1_700_000_000_001 })
  const isolate = createBucketRanges(ranges, deployed, () => bucket)
  expect(await isolate.restore()).toMatchObject([{ outcome: 'updated', cloud: 'aws' }])
  expect(await isolate.refreshDue()).toEqual([])
  const both = tableOf(first + 1, { gcpVersion: 1_700_000_000_001 })
  expect(bucket.objects.get('nearport/ranges.bin')).toEqual(both)

  // What another has left since is newer, and stays.
  const newest = tableOf(first + 2, { gcpVersion: 1_700_000_000_002 })
  bucket.objects.set('nearport/ranges.bin', newest)
  expect(await isolate.refreshDue()).toMatchObject([{ cloud: 'aws' }, { cloud: 'gcp' }])
  expect(bucket.objects.get('nearport/ranges.bin')).toEqual(newest)
})

test('a bucket that does not answer, or holds nonsense, changes nothing and is told', async () => {
  const { ranges } = parseConfig(
    {
      upstreams: [{ registry: 'http://a.example' }],
      ranges: { sources: { aws: null, gcp: null } },
    },
    'the test',
  )
  const bucket = createBucket()
  bucket.objects.set('nearport/ranges.bin', new Uint8Array(100))
  const isolate = createBucketRanges(ranges, tableOf(first), () => bucket)
  expect(await isolate.refreshDue()).toMatchObject([
    { outcome: 'failed', problems: [expect.stringContaining('the kept copy: not a table')] },
  ])
  const gone = () => Promise.reject(new Error('gone'))
  const broken = createBucketRanges(ranges, tableOf(first), () => ({ ...bucket, get: gone }))
  expect(await broken.restore()).toMatchObject([{ problems: ['the kept copy: gone'] }])
  expect(broken.table.locate('10.16.0.1')?.region).toBe('eu-west-1')
})
