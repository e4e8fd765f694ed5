import { createHash } from 'node:crypto'
import type { BlobIndex } from '../../src/core/blob-index.ts'
import { hashedPart, openIndex, sealOf } from '../../src/core/blob-index.ts'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex, fingerprint, readFingerprint, setFingerprint } from '../../src/core/digest.ts'
import { fresh } from './address-samples.ts'
import { interleavedCpuNs } from './parts/interleaved.ts'
import { createRandom } from './parts/random.ts'
import { writeSyntheticIndex } from './parts/synthetic-index.ts'
import { publishTables, spread } from './parts/table.ts'

export const name = 'index'

const rounds = 15
const lookupsARound = 1 << 14
const opens = 15
/** How many digests are asked for, again and again: a power of two. */
const asked = 8192
const sizes = [1000, 100_000, 1_000_000, 10_000_000]

/** An index of so many blobs, and digests that it has and that it has not, in no order. */
type Sample = {
  readonly blobs: number
  readonly bytes: Uint8Array
  readonly index: BlobIndex
  readonly hits: readonly Digest[]
  readonly misses: readonly Digest[]
}

/**
 * Prints what it takes to find a blob in an index, by how many it has, beside a Map; and what it takes
 * to open one, in time and in memory.
 */
export function run(): void {
  const samples = sizes.map(createSample)
  const lookups = samples.flatMap(({ blobs, index, hits, misses }) => [
    { name: `hit among ${shown(blobs)}`, step: finding(index, hits) },
    { name: `miss among ${shown(blobs)}`, step: finding(index, misses) },
  ])
  const all = [
    { name: 'a Map of 100,000 texts', step: findingInMap(samples[1]!) },
    ...lookups,
    { name: 'first eight bytes from the text', step: reading(samples[1]!.hits) },
  ]
  const times = interleavedCpuNs(
    all.map(({ step }) => ({ step, calls: lookupsARound })),
    rounds,
  )
  const found = all.map((each, at) => {
    const ratios = times[at]!.map((time, round) => time / times[0]![round]!)
    return [each.name, spread(times[at]!, 0), spread(ratios, 2)]
  })
  const opened = samples.map(({ blobs, bytes }) => [shown(blobs), ...openingOf(bytes, blobs)])
  publishTables(
    name,
    [
      [['', 'ns of one core', '× the Map'], ...found],
      [['blobs', 'to open, ms', 'to hash, ms', 'bytes a blob', 'and for finding them'], ...opened],
    ],
    [`three mirrors; ${rounds} rounds of ${lookupsARound} lookups of ${asked} digests`],
  )
}

const mirrors = ['us-east-1', 'eu-west-1', 'ap-south-1'].map((region) => ({
  id: `aws/${region}`,
  url: `https://${region}.example/containers/images/{algorithm}:{hex}`,
}))

function createSample(blobs: number): Sample {
  const { bytes, sample } = writeSyntheticIndex(mirrors, blobs)
  const misses = Array.from({ length: asked }, (_, at) =>
    digestOfHex(createHash('sha256').update(`none ${at}`).digest('hex')),
  )
  const index = openIndex(bytes, sealOf(bytes))
  return { blobs, bytes, index, hits: inNoOrder(sample(asked)), misses: fresh(misses) as Digest[] }
}

function inNoOrder(digests: readonly Digest[]): readonly Digest[] {
  const random = createRandom(7)
  const keyed = digests.map((digest) => ({ digest, key: random() }))
  return fresh(keyed.toSorted((a, b) => a.key - b.key).map(({ digest }) => digest)) as Digest[]
}

/** As in a request, of whose digest the first eight bytes were just read with the rest of it. */
function finding(index: BlobIndex, digests: readonly Digest[]): (n: number) => number {
  const high = Uint32Array.from(digests, (digest) => wordOf(digest, 7))
  const low = Uint32Array.from(digests, (digest) => wordOf(digest, 15))
  return (n) => {
    const at = n & (asked - 1)
    const digest = digests[at]!
    setFingerprint(digest, high[at]!, low[at]!)
    return index.find(digest)
  }
}

function wordOf(digest: Digest, at: number): number {
  return Number.parseInt(digest.slice(at, at + 8), 16)
}

/** What the Map would have to do first, to hash a text that it sees for the first time, is not in it. */
function findingInMap({ blobs, hits, index }: Sample): (n: number) => number {
  const rows = new Map(hits.map((digest) => [digest, index.find(digest)]))
  for (let at = rows.size; at < blobs; at++) {
    rows.set(digestOfHex(createHash('sha256').update(`${at}`).digest('hex')), at)
  }
  return (n) => rows.get(hits[n & (asked - 1)]!)!
}

function reading(digests: readonly Digest[]): (n: number) => unknown {
  return (n) => {
    readFingerprint(digests[n & (asked - 1)]!)
    return fingerprint[0]
  }
}

/** Times in ms, and bytes. */
function openingOf(bytes: Uint8Array, blobs: number): readonly string[] {
  const seal = sealOf(bytes)
  const toOpen = Array.from({ length: opens }, () => timeMs(() => openIndex(bytes, seal)))
  const toHash = [0, 1, 2].map(() =>
    timeMs(() => createHash('sha256').update(hashedPart(bytes)).digest()),
  )
  const before = process.memoryUsage().arrayBuffers
  const index = openIndex(bytes, seal)
  const more = process.memoryUsage().arrayBuffers - before
  if (index.blobs !== blobs) throw new Error(`wanted ${blobs} blobs, got ${index.blobs}`)
  const share = (count: number) => (count / blobs).toFixed(2)
  return [spread(toOpen, 2), spread(toHash, 1), share(bytes.length), share(more)]
}

function timeMs(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

function shown(count: number): string {
  return count.toLocaleString('en')
}
