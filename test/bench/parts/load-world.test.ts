import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart, openIndex } from '../../../src/core/blob-index.ts'
import {
  blobOf,
  expectedLocation,
  mirrorIds,
  places,
  publicUrlOf,
  publishLoadIndex,
  unknownBlob,
} from './load-world.ts'

const bucketUrl = 'http://127.0.0.1:9000'
const ireland = places.find(({ address }) => address === '34.240.0.1')!
const beijing = places.find(({ address }) => address === '52.80.0.1')!

function mirrorOf(location: string): string | undefined {
  return mirrorIds.find((id) => location.startsWith(`${publicUrlOf(id, bucketUrl)}/`))
}

test('a client is expected at the nearest mirror that holds the blob', () => {
  const [everywhere, inOregon] = [blobOf(0), blobOf(8)]
  expect(mirrorOf(expectedLocation(ireland, 'app', everywhere, bucketUrl))).toBe('aws/eu-west-1')
  expect(mirrorOf(expectedLocation(ireland, 'app', inOregon, bucketUrl))).toBe('aws/us-west-2')
})

test.for([
  ['in no mirror', ireland, unknownBlob(3)],
  ['asked for from where no mirror pays', beijing, blobOf(0)],
  ['asked for from nowhere known', undefined, blobOf(0)],
] as const)('a blob %s is expected at the upstream', ([, place, blob]) => {
  expect(expectedLocation(place, 'team/app', blob, bucketUrl)).toBe(
    `http://upstream.example/v2/team/app/blobs/${blob.digest}`,
  )
})

test('the index says of each blob what is expected of it', () => {
  const bytes = publishLoadIndex(20, bucketUrl).get('nearport/index/1.bin') as Uint8Array
  const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  for (let n = 0; n < 20; n++) {
    const { digest, sizeBytes, heldBy } = blobOf(n)
    const row = index.find(digest)
    expect(index.sizeBytes(row)).toBe(sizeBytes)
    expect(mirrorIds.filter((_, mirror) => index.holds(row, mirror))).toEqual(
      mirrorIds.filter((id) => heldBy.includes(id)),
    )
  }
  expect(index.find(unknownBlob(0).digest)).toBe(-1)
})
