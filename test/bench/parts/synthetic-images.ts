import { createHash } from 'node:crypto'
import { mediaTypes } from '../../e2e/parts/layout.ts'

/** Images that are computed from their number, and stored nowhere. */
export type SyntheticImages = {
  readonly repositories: number
  readonly tagsEach: number
  /** Every manifest has two blobs of its own and one that many have. */
  readonly blobs: number
  readonly blobDigest: (blob: number) => string
  readonly blobBytes: (blob: number) => number
  readonly manifest: (image: number) => string
}

const shared = 20

export function createSyntheticImages(repositories: number, tagsEach: number): SyntheticImages {
  const images = repositories * tagsEach
  const blobDigest = (blob: number) => digestOf(`blob ${blob}`)
  const blobBytes = (blob: number) => 100 + ((blob * 7919) % 3900)
  const describe = (mediaType: string, blob: number) =>
    `{"mediaType":"${mediaType}","digest":"${blobDigest(blob)}","size":${blobBytes(blob)}}`
  return {
    repositories,
    tagsEach,
    blobs: 2 * images + shared,
    blobDigest,
    blobBytes,
    manifest(image) {
      const layers = [2 * images + (image % shared), 2 * image + 1]
      return (
        `{"schemaVersion":2,"mediaType":"${mediaTypes.manifest}",` +
        `"config":${describe(mediaTypes.config, 2 * image)},` +
        `"layers":[${layers.map((blob) => describe(mediaTypes.layer, blob)).join(',')}]}`
      )
    },
  }
}

export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
