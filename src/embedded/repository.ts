import { createHash } from 'node:crypto'

/** Bytes that no one shares memory with: what `Response` takes as a body. */
export type Bytes = Uint8Array<ArrayBuffer>

/** An OCI content descriptor; sizes in bytes. */
export type Descriptor = {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly platform?: { readonly os: string; readonly architecture: string }
  readonly urls?: readonly string[]
}

/** A manifest as it was pushed: the media type is what its Content-Type says. */
export type StoredManifest = { readonly mediaType: string; readonly bytes: Bytes }

/**
 * What one repository holds. Blobs and manifests are by digest, tags point to digests of manifests.
 */
export type Repository = {
  readonly blobs: Map<string, Bytes>
  readonly manifests: Map<string, StoredManifest>
  readonly tags: Map<string, string>
}

/** A repository with nothing in it. */
export function createRepository(): Repository {
  return { blobs: new Map(), manifests: new Map(), tags: new Map() }
}

/** The SHA-256 digest of some bytes, as the registry spells it. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The manifest that a tag or a digest names. */
export function findManifest(
  repository: Repository,
  reference: string,
): (StoredManifest & { readonly digest: string }) | undefined {
  const digest = repository.tags.get(reference) ?? reference
  const manifest = repository.manifests.get(digest)
  return manifest === undefined ? undefined : { ...manifest, digest }
}

type ManifestJson = {
  readonly artifactType?: string
  readonly config?: { readonly mediaType?: string }
  readonly subject?: { readonly digest?: string }
  readonly annotations?: Record<string, string>
}

/** The manifests whose subject is this digest, as descriptors of a referrers answer. */
export function referrersOf(repository: Repository, subject: string): Descriptor[] {
  return [...repository.manifests].flatMap(([digest, { mediaType, bytes }]) => {
    const manifest = parseManifest(bytes)
    if (manifest?.subject?.digest !== subject) return []

    // OCI: without an artifactType, the config's media type stands for it.
    const artifactType = manifest.artifactType ?? manifest.config?.mediaType
    const { annotations } = manifest
    return [
      {
        mediaType,
        digest,
        size: bytes.byteLength,
        ...(artifactType === undefined ? {} : { artifactType }),
        ...(annotations === undefined ? {} : { annotations }),
      },
    ]
  })
}

// Tests push manifests that are not JSON at all.
function parseManifest(bytes: Bytes): ManifestJson | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as ManifestJson
  } catch {
    return undefined
  }
}
