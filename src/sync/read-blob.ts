import type { Readable } from 'node:stream'
import type { WantedBlob } from '../core/plan.ts'
import type { Bucket } from './bucket.ts'
import type { OpenedBlob } from './upstream.ts'
import { ContentError, verified } from './verified.ts'

/** Opens a blob at the upstream that owns a repository. */
export type UpstreamReader = (repository: string, blob: WantedBlob) => Promise<OpenedBlob>

/** Where a blob's bytes are read from. */
export type BlobSource =
  | { readonly kind: 'mirror'; readonly bucket: Bucket }
  | { readonly kind: 'upstream'; readonly repository: string }

/** Reads blobs from wherever they are, verified. */
export type BlobReader = {
  /** The stream fails with ContentError. */
  readonly open: (blob: WantedBlob, source: BlobSource) => Promise<Readable>
  /** Whether an error is of what was read, not of what was written. */
  readonly isSourceError: (error: unknown) => boolean
  /** Bytes read from upstreams so far. */
  readonly upstreamBytes: () => number
}

/** Creates the reader of one run. */
export function createBlobReader(openUpstream: UpstreamReader): BlobReader {
  let upstreamBytes = 0
  const sourceErrors = new WeakSet<object>()

  return {
    upstreamBytes: () => upstreamBytes,
    isSourceError: (error) => sourceErrors.has(error as object),
    async open(blob, source) {
      try {
        const stream = verified(await openSource(blob, source), {
          ...blob,
          from: source.kind === 'mirror' ? source.bucket.mirror.id : 'the upstream',
          onBytes: (count) => {
            if (source.kind === 'upstream') upstreamBytes += count
          },
        })
        return stream.on('error', (error) => sourceErrors.add(error))
      } catch (error) {
        sourceErrors.add(error as object)
        throw error
      }
    },
  }

  async function openSource(blob: WantedBlob, source: BlobSource): Promise<Readable> {
    if (source.kind === 'mirror') return source.bucket.openBlob(blob.digest, blob.sizeBytes)

    const { body, lengthBytes } = await openUpstream(source.repository, blob)
    if (lengthBytes === undefined || lengthBytes === blob.sizeBytes) return body
    body.destroy()
    const wanted = `wanted ${blob.sizeBytes} bytes of ${blob.digest} from the upstream`
    throw new ContentError('wrong', `${wanted}, got ${lengthBytes}`)
  }
}
