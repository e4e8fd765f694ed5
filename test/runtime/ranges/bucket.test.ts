import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { createBucketRanges } from '../../../src/runtime/ranges/bucket.ts'
import { awsDocument, bytesOf, tableOf, usualRows } from '../../ranges/fresh-documents.ts'

const first = 1_760_000_000
type Bucket = NonNullable<Parameters<typeof createBucketRanges>[2]>

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
  const one = createBucketRanges(ranges, tableOf(first), bucket)
  expect(await one.restore()).toEqual([])
  expect(await one.refreshDue()).toMatchObject([{ outcome: 'updated', cloud: 'aws', problems: [] }])
  expect([...bucket.objects.keys()]).toEqual(['nearport/ranges.bin'])

  const other = createBucketRanges(ranges, tableOf(first), bucket)
  expect(await other.restore()).toMatchObject([{ outcome: 'updated', cloud: 'aws' }])
  expect(other.table.locate('10.32.2.1')?.region).toBe('mx-central-1')

  // With no bucket nobody is asked.
  const alone = createBucketRanges(ranges, tableOf(first), undefined)
  expect(await alone.refreshDue()).toEqual([])
  expect(asked).toBe(1)
  server.close()
})
