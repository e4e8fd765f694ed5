import type { BlobWork } from '../../core/plan.ts'
import type { BlobSources } from './blob-sources.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { ContentError } from './content-error.ts'
import type { MirrorRefusals } from './mirror-refusals.ts'
import type { BlobSource } from './read-blob.ts'
import type { Recorder } from '../recorder.ts'
import type { Tally } from './transfer-tally.ts'
import { UpstreamError } from '../upstream/upstream-error.ts'

/** A mirror that is to get the blob. */
export type Lacking = {
  readonly bucket: Bucket
  readonly id: string
  /** Whether something else is there, or may be, under its name. */
  readonly overwrite: boolean
  /** Writes that failed. */
  failures: number
  /** Whether a copy inside the store is still worth a try. */
  mayCopy: boolean
}

/** How the blob came to a mirror, for the record. */
export type Arrival = {
  readonly how: 'uploaded' | 'copied'
  readonly from: string
  readonly durationMs: number
}

/** One blob on its way: who lacks it, where it may be had, and what became of every try. */
export type BlobState = {
  readonly blob: BlobWork
  readonly sources: BlobSources
  readonly lacking: ReadonlyMap<Bucket, Lacking>
  readonly arrived: (to: Lacking, arrival: Arrival) => void
  /** It was there already, written by another run: whatever it is. */
  readonly wasThere: (to: Lacking) => void
  readonly targetFailed: (to: Lacking, error: unknown) => void
  readonly sourceFailed: (source: BlobSource, to: Lacking, error: unknown) => void
  /** How often it failed to be read from there. */
  readonly failuresOf: (source: BlobSource) => number
  /** Lets go of the mirrors that are left alone. */
  readonly leaveAlone: () => void
  readonly noteRetry: (mirror: string, why: string) => void
}

export type StateDeps = {
  readonly recorder: Recorder
  readonly tally: Tally
  readonly refusals: MirrorRefusals
  /** Blobs of so many bytes may have been read in ranges. */
  readonly rangesFromBytes: number
}

/** How often the same way is tried. */
export const mostTries = 3

/** Creates the state of one blob; `buckets` are by mirror id. */
export function createBlobState(
  blob: BlobWork,
  sources: BlobSources,
  buckets: ReadonlyMap<string, Bucket>,
  { recorder, tally, refusals, rangesFromBytes }: StateDeps,
): BlobState {
  const { digest, sizeBytes } = blob
  // It grows on the way: a mirror with wrong bytes lacks the blob.
  const lacking = new Map<Bucket, Lacking>()
  // Written over, and still no source: a store that spoils what it is given would keep us here for
  // ever.
  const distrusted = new Set<Bucket>()
  const sourceFailures = new Map<string, number>()
  for (const id of blob.lacking) lack(buckets.get(id)!, blob.replacing.includes(id))

  return {
    blob,
    sources,
    lacking,
    noteRetry,
    failuresOf: (source) => sourceFailures.get(nameOf(source)) ?? 0,

    arrived(to, arrival) {
      settle(to)
      tally.moved(to.id, arrival.from, sizeBytes)
      tally.spoiled.get(to.id)!.delete(digest)
      recorder.step({ step: 'written', mirror: to.id, digest, sizeBytes, ...arrival })
      if (!distrusted.has(to.bucket)) sources.prove(to.bucket)
    },

    wasThere(to) {
      settle(to)
      if (!distrusted.has(to.bucket)) sources.add(to.bucket)
    },

    targetFailed(to, error) {
      to.failures++
      if (mayPass(error) && to.failures < mostTries) return noteRetry(to.id, messageOf(error))
      lacking.delete(to.bucket)
      refusals.refused(to.id)
      recorder.problem(`${to.id} ${blob.repositories[0]}@${digest}`, error)
    },

    sourceFailed(source, to, error) {
      // Several may have read it at once.
      if (!sources.has(source)) return
      const failures = (sourceFailures.get(nameOf(source)) ?? 0) + 1
      sourceFailures.set(nameOf(source), failures)
      if (failures < mostTries && (mayPass(error) || mayBeTheRanges(source, error, failures))) {
        return noteRetry(to.id, messageOf(error))
      }
      dropSource(source, to, error)
    },

    leaveAlone() {
      for (const { bucket, id } of lacking.values()) {
        if (refusals.isLeftAlone(id)) lacking.delete(bucket)
      }
    },
  }

  function lack(bucket: Bucket, overwrite: boolean): void {
    const { id } = bucket.mirror
    lacking.set(bucket, { bucket, id, overwrite, failures: 0, mayCopy: true })
  }

  function settle({ bucket, id }: Lacking): void {
    lacking.delete(bucket)
    refusals.accepted(id)
  }

  /** Goes on without a source that failed. */
  function dropSource(source: BlobSource, to: Lacking, error: unknown): void {
    const isLeft = sources.drop(source)
    const isWrong = error instanceof ContentError && error.kind === 'wrong'
    if (source.kind === 'mirror') {
      const { id } = source.bucket.mirror
      recorder.problem(`${id} ${blob.repositories[0]}@${digest}`, error)
      if (!isWrong) return
      tally.spoiled.get(id)!.add(digest)
      distrusted.add(source.bucket)
      lack(source.bucket, true)
    } else if (isWrong || !isLeft) {
      recorder.problem(`${source.repository}@${digest}`, error)
    } else {
      noteRetry(to.id, messageOf(error))
    }
  }

  /** Ranges put together wrongly say nothing of the blob: it is read once more, as one. */
  function mayBeTheRanges({ kind }: BlobSource, error: unknown, failures: number): boolean {
    if (kind !== 'upstream' || failures > 1 || sizeBytes < rangesFromBytes) return false
    return error instanceof ContentError || (error as UpstreamError).code === 'malformed'
  }

  function noteRetry(mirror: string, why: string): void {
    recorder.step({ step: 'retried', mirror, digest, why })
  }
}

/** Whether the same is to be tried again here: a request to an upstream was, by whoever sent it. */
export function mayPass(error: unknown): boolean {
  if (error instanceof UpstreamError) return false
  return (error as { readonly retryable?: boolean }).retryable === true
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function nameOf(source: BlobSource): string {
  return source.kind === 'mirror' ? `mirror ${source.bucket.mirror.id}` : source.repository
}
