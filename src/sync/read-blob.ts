import { Readable } from 'node:stream'
import { canary } from '../core/canary.ts'
import type { WantedBlob } from '../core/plan.ts'
import type { Bucket } from './bucket.ts'
import type { OpenedBlob } from './upstream.ts'
import { ContentError, verified } from './verified.ts'

/** Opens a blob at the upstream that owns its repository. */
export type UpstreamReader = (repository: string, blob: WantedBlob) => Promise<OpenedBlob>

/** Reads blobs from wherever they are, verified. */
export type BlobReader = {
  /** A blob from a mirror, or from the upstream where none is given. The stream fails with ContentError. */
  readonly open: (blob: WantedBlob, from: Bucket | undefined) => Promise<Readable>
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
    async open(blob, from) {
      try {
        const isUpstream = from === undefined && blob.repository !== undefined
        const stream = verified(await openSource(blob, from), {
          ...blob,
          from: from?.mirror.id ?? 'the upstream',
          onBytes: (count) => {
            if (isUpstream) upstreamBytes += count
          },
        })
        return stream.on('error', (error) => sourceErrors.add(error))
      } catch (error) {
        sourceErrors.add(error as object)
        throw error
      }
    },
  }

  async function openSource(blob: WantedBlob, from: Bucket | undefined): Promise<Readable> {
    if (from !== undefined) return from.openBlob(blob.digest, blob.sizeBytes)
    if (blob.repository === undefined) return Readable.from([Buffer.from(canary.text)])

    const { body, lengthBytes } = await openUpstream(blob.repository, blob)
    if (lengthBytes === undefined || lengthBytes === blob.sizeBytes) return body
    body.destroy()
    const wanted = `wanted ${blob.sizeBytes} bytes of ${blob.digest} from the upstream`
    throw new ContentError('wrong', `${wanted}, got ${lengthBytes}`)
  }
}
