import { createHash } from 'node:crypto'
import { hashedPart } from '../../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../../src/core/blob-index-writer.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import type { PublishedIndex } from '../../workerd/parts/published-index.ts'
import { publishedFiles } from '../../workerd/parts/published-index.ts'

/** Mirrors in two clouds. The upstream is in a third, so that its own cloud's clients stay there. */
export const mirrorIds = [
  'aws/us-east-1',
  'aws/us-west-2',
  'aws/eu-west-1',
  'aws/ap-northeast-1',
  'gcp/us-central1',
  'gcp/europe-west1',
] as const
export type MirrorId = (typeof mirrorIds)[number]
export const upstream = { registry: 'http://upstream.example', cloud: 'azure' } as const

/** Where a client says that it is, and the mirrors that it may be sent to, best first. */
export type Place = { readonly address: string; readonly mirrors: readonly MirrorId[] }

const [virginia, oregon, ireland, tokyo, iowa, belgium] = mirrorIds
const fromEurope = [ireland, virginia, oregon, tokyo]

/**
 * Written by hand from a map, so that nearport is held to what is right and not to what it says
 * itself: in whose published range an address is, and which of that cloud's mirrors are how near.
 */
export const places: readonly Place[] = [
  { address: '34.240.0.1', mirrors: fromEurope }, // Ireland
  { address: '54.72.0.10', mirrors: fromEurope },
  { address: '2a05:d018::1', mirrors: fromEurope },
  { address: '35.180.1.1', mirrors: fromEurope }, // Paris
  { address: '3.80.0.1', mirrors: [virginia, oregon, ireland, tokyo] },
  { address: '2600:1f18::1', mirrors: [virginia, oregon, ireland, tokyo] },
  { address: '18.144.0.1', mirrors: [oregon, virginia, ireland, tokyo] }, // California
  { address: '15.228.0.1', mirrors: [virginia, ireland, oregon, tokyo] }, // São Paulo
  { address: '2406:da1c::1', mirrors: [tokyo, oregon, virginia, ireland] }, // Sydney
  { address: '35.192.0.1', mirrors: [iowa, belgium] },
  { address: '2600:1900:4000::1', mirrors: [iowa, belgium] },
  { address: '104.199.0.1', mirrors: [belgium, iowa] },
  { address: '52.80.0.1', mirrors: [] }, // Beijing: nobody there is sent to a bucket outside
  { address: '52.95.110.1', mirrors: [] }, // AWS, and of no region
  { address: '13.64.0.1', mirrors: [] }, // the upstream's cloud
]

/** Addresses of nobody, and what is no address: each still gets its image, from the upstream. */
export const nowhere: readonly string[] = [
  '203.0.113.10',
  '2001:db8::1',
  '10.0.0.1',
  '999.1.1.1',
  'unknown',
  '::ffff:300.1.2.3',
  "' OR 1=1 --",
  ', , ,',
  'f'.repeat(3000),
]

const everywhere: readonly MirrorId[] = mirrorIds
/** Which mirrors hold blob n: by its last decimal digit, so that some clients' nearest has it not. */
const holders: readonly (readonly MirrorId[])[] = [
  ...Array.from({ length: 7 }, () => everywhere),
  [virginia],
  [oregon, belgium],
  [virginia, oregon, ireland, tokyo],
]

/** Blob n of those that are in the index, for n below how many there are; any other is in none. */
export type LoadBlob = {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly heldBy: readonly MirrorId[]
}

export function blobOf(n: number): LoadBlob {
  return { digest: digestOf(`blob ${n}`), sizeBytes: 1_000_000 + n, heldBy: holders[n % 10]! }
}

/** A blob that is in no index. */
export function unknownBlob(n: number): LoadBlob {
  return { digest: digestOf(`unknown ${n}`), sizeBytes: 0, heldBy: [] }
}

/** Where a client at this place must be sent for a blob of this repository. */
export function expectedLocation(
  place: Place | undefined,
  repository: string,
  { digest, heldBy }: LoadBlob,
  bucketUrl: string,
): string {
  const mirror = place?.mirrors.find((each) => heldBy.includes(each))
  return mirror === undefined
    ? `${upstream.registry}/v2/${repository}/blobs/${digest}`
    : `${publicUrlOf(mirror, bucketUrl)}/containers/images/${digest}`
}

/** All mirrors are one bucket here: only the first part of a path tells them apart. */
export function publicUrlOf(mirror: MirrorId, bucketUrl: string): string {
  return `${bucketUrl}/${mirror.replace('/', '-')}`
}

/** The objects of an index that says what `blobOf` says of so many blobs, by key. */
export function publishLoadIndex(blobs: number, bucketUrl: string): PublishedIndex {
  const rows = Array.from({ length: blobs }, (_, n) => {
    const { digest, sizeBytes, heldBy } = blobOf(n)
    return { digest, sizeBytes, mirrors: heldBy.map((id) => mirrorIds.indexOf(id)) }
  })
  const mirrors = mirrorIds.map((id) => {
    return { id, url: `${publicUrlOf(id, bucketUrl)}/containers/images/{algorithm}:{hex}` }
  })
  const bytes = new Uint8Array(writeIndex({ generation: 1, mirrors, rows }))
  sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  return publishedFiles(bytes)
}

function digestOf(text: string): Digest {
  return digestOfHex(createHash('sha256').update(text).digest('hex'))
}
