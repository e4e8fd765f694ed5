import type { Readable } from 'node:stream'
import type { WantedBlob } from '../../core/plan.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { ContentError } from './content-error.ts'
import { readInRanges } from './range-reader.ts'
import type { Tee } from './tee.ts'
import { tee } from './tee.ts'
import type { ByteRange, OpenedBlob } from '../upstream/upstream-blob.ts'

/** Opens a blob, or a range of it, at the upstream that owns a repository. */
export type UpstreamReader = (
  repository: string,
  blob: WantedBlob,
  range?: ByteRange,
) => Promise<OpenedBlob>

/** Where a blob's bytes are read from. */
export type BlobSource =
  | { readonly kind: 'mirror'; readonly bucket: Bucket }
  | { readonly kind: 'upstream'; readonly repository: string }

/** Blobs of so many bytes are read from the upstream in so many ranges at once. */
export type Ranges = {
  readonly fromBytes: number
  readonly atOnce: number
  /** Default: 4 MiB. */
  readonly eachBytes?: number | undefined
}

export type ReaderDeps = {
  readonly openUpstream: UpstreamReader
  readonly ranges: Ranges
  readonly pause: (tries: number) => Promise<void>
  readonly now: () => number
  /** How long a destination may hold up the others, in milliseconds. */
  readonly stallMs?: number | undefined
  /** Hears of every chunk that came. */
  readonly onBytes: (source: BlobSource, count: number) => void
  /** Hears now and then how much of a blob has come from the upstream, where that takes long. */
  readonly onProgress: (blob: WantedBlob, bytes: number) => void
}

/** Reads blobs from wherever they are, verified, each for so many destinations. */
export type BlobReader = (blob: WantedBlob, source: BlobSource, reading: Reading) => Promise<Tee>

export type Reading = {
  readonly destinations: number
  /** Whether it may come in ranges: where that failed, it is read as one. */
  readonly mayRange: boolean
}

/** Two blobs in ranges keep the way full, and memory bounded: others are read as one meanwhile. */
const rangedAtOnce = 2
const usualRangeBytes = 4 * 1024 * 1024
const progressMs = 10_000

/** Creates the reader of one run. */
export function createBlobReader(deps: ReaderDeps): BlobReader {
  const { openUpstream, ranges, pause, now, onBytes, onProgress } = deps
  let ranged = 0

  return async (blob, source, { destinations, mayRange }) => {
    const { digest, sizeBytes } = blob
    const opened =
      source.kind === 'upstream'
        ? await openFromUpstream(blob, source.repository, mayRange)
        : await source.bucket.openBlob(digest, sizeBytes)
    const expected = {
      digest,
      sizeBytes,
      from: source.kind === 'mirror' ? source.bucket.mirror.id : 'the upstream',
      onBytes: countBytes(blob, source),
    }
    return tee(opened, expected, destinations, { stallMs: deps.stallMs })
  }

  function countBytes(blob: WantedBlob, source: BlobSource): (count: number) => void {
    if (source.kind === 'mirror') return (count) => onBytes(source, count)
    let bytes = 0
    let saidMs = now()
    return (count) => {
      onBytes(source, count)
      bytes += count
      const nowMs = now()
      if (nowMs - saidMs < progressMs) return
      saidMs = nowMs
      onProgress(blob, bytes)
    }
  }

  async function openFromUpstream(
    blob: WantedBlob,
    repository: string,
    mayRange: boolean,
  ): Promise<Readable> {
    const { digest, sizeBytes } = blob
    const inRanges = mayRange && sizeBytes >= ranges.fromBytes && ranged < rangedAtOnce
    const { body, lengthBytes } = inRanges
      ? await openInRanges(blob, repository)
      : await openUpstream(repository, blob)
    if (lengthBytes === undefined || lengthBytes === sizeBytes) return body
    body.destroy()
    const wanted = `wanted ${sizeBytes} bytes of ${digest} from the upstream`
    throw new ContentError('wrong', `${wanted}, got ${lengthBytes}`)
  }

  async function openInRanges(blob: WantedBlob, repository: string): Promise<OpenedBlob> {
    const open = (range: ByteRange) => openUpstream(repository, blob, range)
    const { sizeBytes } = blob
    ranged++
    try {
      const opened = await readInRanges(open, {
        sizeBytes,
        rangeBytes: ranges.eachBytes ?? usualRangeBytes,
        atOnce: ranges.atOnce,
        pause,
      })
      opened.body.once('close', () => ranged--)
      return opened
    } catch (error) {
      ranged--
      throw error
    }
  }
}
