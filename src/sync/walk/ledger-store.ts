import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { createGzip, gunzip } from 'node:zlib'
import type { Bucket } from '../bucket/bucket.ts'
import type { Ledger } from './ledger.ts'
import { createLedger } from './ledger.ts'
import type { Recorder } from '../recorder.ts'

/** Where the parts of the ledger are in a bucket: one for each shard that wrote one. */
export const ledgerPrefix = 'nearport/ledger/'

/** One of so many that share the work: `index` is 0 for the first. */
export type ShardOf = { readonly index: number; readonly of: number }

/** A ledger as it was loaded, and how it is stored. */
export type StoredLedger = {
  readonly ledger: Ledger
  /**
   * Stores this run's part in every bucket, where it is another than the one loaded. A walk that
   * was not complete keeps what it did not come to. What fails is a problem.
   */
  readonly save: (isComplete: boolean) => Promise<void>
}

/**
 * Loads the ledger from the bucket that has the most of it: every copy is true, as manifests never
 * change, and one that is older only knows less. A damaged part is a problem, and written anew.
 */
export async function loadLedger(
  buckets: readonly Bucket[],
  shard: ShardOf,
  recorder: Recorder,
): Promise<StoredLedger> {
  const ledger = createLedger()
  const ownKey = partKey(shard)
  const found = await Promise.all(buckets.map((bucket) => listParts(bucket, recorder)))
  const fullest = found.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0]
  let isDamaged = false
  for (const key of fullest?.keys ?? []) await loadPart(fullest!.bucket, key)
  if (ledger.size() > 0) {
    const { sizeBytes } = fullest!
    recorder.step({ step: 'ledger', how: 'read', manifests: ledger.size(), sizeBytes })
  }

  return {
    ledger,
    async save(isComplete) {
      const isAlone = shard.of === 1
      const kept = isComplete ? 'used' : isAlone ? 'all' : 'own'
      if (!isDamaged && !ledger.hasChanged(kept)) return
      const bytes = await packed(ledger.lines(kept))
      // Of other numbers of shards: who walks everything has what is still true of them.
      const isOld = (key: string) => isAlone && isComplete && key !== ownKey
      await Promise.all(found.map((each) => store(each, bytes, isOld)))
      const manifests = ledger.size()
      recorder.step({ step: 'ledger', how: 'written', manifests, sizeBytes: bytes.length })
    },
  }

  async function loadPart(bucket: Bucket, key: string): Promise<void> {
    const subject = `${key} in ${bucket.mirror.id}`
    try {
      const bytes = await bucket.get(key)
      if (bytes === undefined) return
      if (ledger.load(await unpack(bytes), key === ownKey)) return
      recorder.problem(subject, 'wanted the lines of a ledger, got others: written anew')
    } catch (error) {
      recorder.problem(subject, `${(error as Error).message}: written anew`)
    }
    isDamaged = true
  }

  async function store(
    { bucket, keys }: FoundParts,
    bytes: Uint8Array,
    isOld: (key: string) => boolean,
  ): Promise<void> {
    try {
      await bucket.put(ownKey, bytes, { contentType: 'application/gzip', cacheControl: 'no-cache' })
      for (const key of keys.filter(isOld)) await bucket.remove(key)
    } catch (error) {
      recorder.problem(`the ledger in ${bucket.mirror.id}`, error)
    }
  }
}

type FoundParts = {
  readonly bucket: Bucket
  readonly keys: readonly string[]
  readonly sizeBytes: number
}

async function listParts(bucket: Bucket, recorder: Recorder): Promise<FoundParts> {
  try {
    const parts = await bucket.listKeys(ledgerPrefix)
    const sizeBytes = [...parts.values()].reduce((sum, bytes) => sum + bytes, 0)
    return { bucket, keys: [...parts.keys()], sizeBytes }
  } catch (error) {
    recorder.problem(`the ledger in ${bucket.mirror.id}`, error)
    return { bucket, keys: [], sizeBytes: 0 }
  }
}

function partKey({ index, of }: ShardOf): string {
  return `${ledgerPrefix}${index}-of-${of}.jsonl.gz`
}

/** More than a ledger of ten million manifests: what unpacks to more is none of ours. */
const largestLedgerBytes = 2 ** 32 - 1

function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  return promisify(gunzip)(bytes, { maxOutputLength: largestLedgerBytes })
}

async function packed(lines: Iterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of Readable.from(batches(lines)).pipe(createGzip())) {
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** A stream pays for each chunk, and lines are short. */
function* batches(lines: Iterable<Uint8Array>): Generator<Uint8Array> {
  let batch: Uint8Array[] = []
  let length = 0
  for (const line of lines) {
    batch.push(line)
    length += line.length
    if (length < 65_536) continue
    yield Buffer.concat(batch)
    batch = []
    length = 0
  }
  yield Buffer.concat(batch)
}
