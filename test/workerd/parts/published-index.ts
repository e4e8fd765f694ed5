import { createHash } from 'node:crypto'
import { hashedPart } from '../../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../../src/core/blob-index-writer.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { mirrorIndexPrefix } from '../../../src/core/index-pointer.ts'

/** The objects that an index is, by key. */
export type PublishedIndex = ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>

/** An index which says that `aws/eu-west-1`, at a public URL, holds these blobs, of 1 MB each. */
export function publishIndex(digests: readonly Digest[], publicUrl: string): PublishedIndex {
  const rows = digests.map((digest) => ({ digest, sizeBytes: 1_000_000, mirrors: [0] }))
  const url = `${publicUrl}/containers/images/{algorithm}:{hex}`
  const content = { generation: 1, mirrors: [{ id: 'aws/eu-west-1', url }], rows }
  const bytes = new Uint8Array(writeIndex(content))
  sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  return publishedFiles(bytes)
}

/** The objects that a bucket has for these bytes of an index, which is its generation 1. */
export function publishedFiles(bytes: Uint8Array<ArrayBuffer>): PublishedIndex {
  const key = `${mirrorIndexPrefix}1.bin`
  const at = new Date().toISOString()
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const sizeBytes = bytes.length
  const pointer = { generation: 1, sha256, sizeBytes, key, publishedAt: at, checkedAt: at }
  return new Map<string, string | Uint8Array<ArrayBuffer>>([
    [`${mirrorIndexPrefix}current.json`, JSON.stringify(pointer)],
    [key, bytes],
  ])
}
