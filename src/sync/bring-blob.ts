import type { BlobWork } from '../core/plan.ts'
import type { BlobSources, BlobWay } from './blob-sources.ts'
import type { Bucket } from './bucket.ts'
import type { BlobReader, BlobSource } from './read-blob.ts'
import type { Recorder } from './recorder.ts'
import { UpstreamError } from './upstream-error.ts'
import { ContentError } from './verified.ts'

export type BringDeps = {
  readonly sources: BlobSources
  readonly reader: BlobReader
  readonly recorder: Recorder
  readonly stop: AbortSignal
  readonly now: () => number
  readonly pause: (tries: number) => Promise<void>
  /** Hears of a mirror that was read and holds wrong bytes. */
  readonly onSpoiled: (holder: Bucket) => void
}

/**
 * `uploaded` from the upstream, or `copied` from a mirror; `refused` by the mirror; or the blob
 * could be had nowhere.
 */
export type Brought = 'uploaded' | 'copied' | 'refused' | 'no source'

const tries = 3

/**
 * Brings one blob to one mirror, by the best way there is, and then by the others. What fails is
 * told the recorder.
 */
export async function bringBlob(blob: BlobWork, to: Bucket, deps: BringDeps): Promise<Brought> {
  const { sources, reader, recorder, stop, now } = deps
  const { id } = to.mirror
  let mayCopy = true
  for (let attempt = 1; ; attempt++) {
    const way = await sources.choose(to, mayCopy)
    const startMs = now()
    try {
      if (way.kind === 'copy') await to.copyBlob(blob.digest, way.bucket)
      else await to.putBlob(blob.digest, blob.sizeBytes, await reader.open(blob, way))
      // It was read to its end, and every byte was right.
      if (way.kind === 'mirror') sources.prove(way.bucket)
      return noteWritten(way, now() - startMs)
    } catch (error) {
      if (stop.aborted) return 'refused'
      if (mayPass(error) && attempt < tries) {
        noteRetry(error)
        await deps.pause(attempt)
        continue
      }
      if (way.kind === 'copy') {
        // A store that may not, or cannot, copy between these two: the bytes go through here.
        if (mayPass(error)) noteRetry(error)
        mayCopy = false
      } else if (!reader.isSourceError(error)) {
        recorder.problem(`${id} ${nameOf(blob)}`, error)
        return 'refused'
      } else if (!dropSource(way, error)) {
        return 'no source'
      }
      attempt = 0
    }
  }

  /** Goes on without a source that failed; whether there is another. */
  function dropSource(source: BlobSource, error: unknown): boolean {
    const isLeft = sources.drop(source)
    const isWrong = error instanceof ContentError && error.kind === 'wrong'
    if (source.kind === 'mirror') {
      recorder.problem(`${source.bucket.mirror.id} ${nameOf(blob)}`, error)
      if (isWrong) deps.onSpoiled(source.bucket)
    } else if (isWrong || !isLeft) {
      recorder.problem(`${source.repository}@${blob.digest}`, error)
    } else {
      noteRetry(error)
    }
    return isLeft
  }

  function noteRetry(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    recorder.step({ step: 'retried', mirror: id, digest: blob.digest, why })
  }

  function noteWritten(way: BlobWay, durationMs: number): Brought {
    const { digest, sizeBytes } = blob
    const isUpstream = way.kind === 'upstream'
    const how = isUpstream ? 'uploaded' : 'copied'
    const from = isUpstream ? 'upstream' : way.bucket.mirror.id
    recorder.step({ step: 'written', how, mirror: id, digest, sizeBytes, from, durationMs })
    return how
  }
}

/** Whether the same is to be tried again here: a request to an upstream was, by whoever sent it. */
function mayPass(error: unknown): boolean {
  if (error instanceof UpstreamError) return false
  return (error as { readonly retryable?: boolean }).retryable === true
}

function nameOf({ repositories, digest }: BlobWork): string {
  return `${repositories[0]}@${digest}`
}
