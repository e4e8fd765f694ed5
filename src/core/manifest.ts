import type { Digest } from './digest.ts'
import { isWellFormedDigest, parseDigest } from './digest.ts'

/** A reference to content, as the OCI image spec has it. */
export type Descriptor = {
  readonly mediaType: string
  /** As written; anything but SHA-256 cannot be mirrored. */
  readonly digest: string
  readonly sizeBytes: number
}

/** A blob that a manifest names. Docker's schema 1 gives no sizes. */
export type BlobReference = { readonly digest: Digest; readonly sizeBytes: number | undefined }

/**
 * What a manifest leads to. `skipped` are descriptors that are not to be mirrored, each with the
 * reason.
 */
export type ManifestContent = {
  readonly mediaType: string
  /** Manifests, to be walked in turn. */
  readonly manifests: readonly Descriptor[]
  readonly blobs: readonly BlobReference[]
  readonly skipped: readonly { readonly digest: string; readonly why: string }[]
}

/** The media types a registry is asked for: all that are known to be manifests. */
export const manifestMediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.oci.artifact.manifest.v1+json',
] as const

/**
 * Reads a manifest of any kind: OCI and Docker, image, index, artifact, schema 1. It goes by the
 * fields, not by the media type, so that a manifest of a type nobody has heard of still gives its
 * blobs. Returns a sentence saying what is wrong where the text is no manifest.
 */
export function parseManifest(text: string, mediaType: string): ManifestContent | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'wanted JSON'
  }
  if (!isRecord(json)) return 'wanted a JSON object'

  const blobs: BlobReference[] = []
  const manifests: Descriptor[] = []
  const skipped: { digest: string; why: string }[] = []
  for (const field of fields) {
    const value = json[field]
    if (value === undefined || value === null) continue
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    for (const item of items) {
      const problem = collect(field, item)
      if (problem !== undefined) return problem
    }
  }
  if (!fields.some((field) => field in json)) {
    return `wanted one of ${fields.join(', ')} in a manifest, got ${shownKeys(json)}`
  }
  return {
    mediaType: typeof json['mediaType'] === 'string' ? json['mediaType'] : mediaType,
    manifests,
    blobs,
    skipped,
  }

  function collect(field: string, item: unknown): string | undefined {
    if (field === 'fsLayers') {
      const sum = isRecord(item) ? item['blobSum'] : undefined
      const digest = typeof sum === 'string' ? parseDigest(sum) : undefined
      if (digest === undefined) return 'wanted a sha256 blobSum in each of fsLayers'
      blobs.push({ digest, sizeBytes: undefined })
      return undefined
    }
    const descriptor = parseDescriptor(item)
    if (descriptor === undefined) return `wanted mediaType, digest and size in each of ${field}`
    const digest = parseDigest(descriptor.digest)
    if (digest === undefined) {
      const why = isWellFormedDigest(descriptor.digest) ? 'mirrors hold SHA-256 alone' : 'no digest'
      skipped.push({ digest: descriptor.digest.slice(0, 256), why })
    } else if (field === 'manifests' && !isBlobType(descriptor.mediaType)) {
      manifests.push(descriptor)
    } else if (
      isForeign((item as Readonly<Record<string, unknown>>)['urls'], descriptor.mediaType)
    ) {
      skipped.push({ digest, why: 'a layer that is fetched from elsewhere' })
    } else {
      blobs.push({ digest, sizeBytes: descriptor.sizeBytes })
    }
    return undefined
  }
}

/**
 * The media type of a manifest by what it says itself, or else by its form; undefined where its text
 * is no manifest's. Docker's schema 1 says nothing of itself, and is none of these.
 */
export function manifestTypeOf(text: string): string | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(json)) return undefined
  const { mediaType, manifests, config, layers } = json
  const isIndex = Array.isArray(manifests)
  if (!isIndex && !(isRecord(config) && Array.isArray(layers))) return undefined
  // RFC 6838 §4.2: whatever else stands there is nothing for a header.
  if (typeof mediaType === 'string' && /^[\w.+-]+\/[\w.+-]+$/.test(mediaType)) return mediaType
  return isIndex ? manifestMediaTypes[0] : manifestMediaTypes[1]
}

/** Whoever pushed the manifest chose its keys: a few of them, quoted, and the beginning of each. */
function shownKeys(json: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(json).slice(0, 8)
  return keys.map((key) => JSON.stringify(key.slice(0, 40))).join(', ')
}

const fields = ['config', 'layers', 'blobs', 'manifests', 'fsLayers'] as const

/** BuildKit's cache keeps layers in the `manifests` of an index: they are blobs all the same. */
function isBlobType(mediaType: string): boolean {
  return (
    /^application\/vnd\.(?:oci\.image|docker\.image\.rootfs)\.(?:layer|diff)\./.test(mediaType) ||
    mediaType.startsWith('application/vnd.buildkit.cacheconfig.') ||
    mediaType === 'application/vnd.oci.image.config.v1+json' ||
    mediaType === 'application/vnd.docker.container.image.v1+json'
  )
}

/**
 * Layers that may not be redistributed are not the upstream's to give: clients fetch them from
 * their `urls`.
 */
function isForeign(urls: unknown, mediaType: string): boolean {
  return (
    /\.(?:foreign\.diff|layer\.nondistributable)\./.test(mediaType) ||
    (Array.isArray(urls) && urls.length > 0)
  )
}

function parseDescriptor(item: unknown): Descriptor | undefined {
  if (!isRecord(item)) return undefined
  const { mediaType, digest, size } = item
  if (typeof digest !== 'string' || typeof size !== 'number') return undefined
  if (!Number.isSafeInteger(size) || size < 0) return undefined
  return { mediaType: typeof mediaType === 'string' ? mediaType : '', digest, sizeBytes: size }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
