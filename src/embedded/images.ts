import { type ManifestForm, mediaTypes } from './media-type.ts'
import type { Registry } from './registry.ts'
import { type Descriptor, digestOf } from './repository.ts'
import { type LayerFile, gzipOf, tarOf } from './tar.ts'

/** A descriptor together with the bytes it describes. */
export type Content = { readonly descriptor: Descriptor; readonly bytes: Uint8Array }

/** A layer, and the digest of its archive before gzip, which an image's config repeats. */
export type Layer = Content & { readonly diffId: string }

/**
 * A manifest with all it points to: its blobs, and for an index its children. Equal inputs make
 * equal digests.
 */
export type Image = Content & {
  readonly blobs: readonly Content[]
  readonly children: readonly Image[]
}

/** What any manifest may carry: `subject` makes it a referrer. */
export type ManifestExtras = {
  readonly subject?: Content
  readonly annotations?: Readonly<Record<string, string>>
}

export type ImageOptions = ManifestExtras & {
  readonly architecture: string
  /** `linux` unless told otherwise. */
  readonly os?: string
  /** The files of one layer of its own, put over `layers`. */
  readonly files?: readonly LayerFile[]
  /** Layers from `layerOf`, possibly shared with other images. */
  readonly layers?: readonly Layer[]
  readonly form?: ManifestForm
}

/** Bytes under a media type. */
export function contentOf(
  mediaType: string,
  bytes: string | Uint8Array,
  extra: Partial<Descriptor> = {},
): Content {
  const copy = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  return {
    descriptor: { mediaType, digest: digestOf(copy), size: copy.byteLength, ...extra },
    bytes: copy,
  }
}

/**
 * A real gzipped tar archive. Layers with the same files are the same blob in either form of
 * manifest.
 */
export function layerOf(files: readonly LayerFile[]): Layer {
  const archive = tarOf(files)
  return { ...contentOf(mediaTypes.oci.layer, gzipOf(archive)), diffId: digestOf(archive) }
}

/**
 * A layer that registries do not hold: its descriptor has `urls`, and `push` leaves its bytes out.
 */
export function foreignLayerOf(files: readonly LayerFile[], urls: readonly string[]): Layer {
  const layer = layerOf(files)
  return { ...layer, descriptor: { ...layer.descriptor, urls } }
}

/** An image of one platform, which a client can unpack. */
export function imageOf(options: ImageOptions): Image {
  const { architecture, os = 'linux', files, layers = [], form = 'oci', ...extras } = options
  const types = mediaTypes[form]
  const all = files === undefined ? layers : [...layers, layerOf(files)]
  const config = contentOf(
    types.config,
    JSON.stringify({
      architecture,
      os,
      config: { Cmd: ['/hello'] },
      rootfs: { type: 'layers', diff_ids: all.map((layer) => layer.diffId) },
      history: all.map(() => ({ created_by: 'nearport sample' })),
    }),
  )
  const typed = all.map((layer) => retyped(layer, form))
  const image = manifestOf(form, config, typed, extras)
  const platform = { os, architecture }
  return { ...image, descriptor: { ...image.descriptor, platform } }
}

/** An index (or Docker's manifest list) over images. The platform of each is in its descriptor. */
export function indexOf(
  children: readonly Image[],
  options: ManifestExtras & { readonly form?: ManifestForm } = {},
): Image {
  const { form = 'oci', subject, annotations } = options
  const mediaType = mediaTypes[form].index
  const manifests = children.map((child) => child.descriptor)
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests,
    subject: bare(subject),
    annotations,
  })
  return { ...contentOf(mediaType, text), blobs: [], children }
}

/** A manifest over any config and layers; the other builders are made of it. */
export function manifestOf(
  form: ManifestForm,
  config: Content,
  layers: readonly Content[],
  extras: ManifestExtras & { readonly artifactType?: string } = {},
): Image {
  const mediaType = mediaTypes[form].manifest
  const { artifactType, subject, annotations } = extras
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    artifactType,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    subject: bare(subject),
    annotations,
  })
  const held = layers.filter((layer) => layer.descriptor.urls === undefined)
  return { ...contentOf(mediaType, text), blobs: [config, ...held], children: [] }
}

/**
 * Puts an image, all its blobs and children into a repository, under no tag, one, or several.
 * Returns its digest.
 */
export function push(
  registry: Registry,
  repository: string,
  image: Image,
  ...tags: readonly string[]
): string {
  for (const child of image.children) push(registry, repository, child)
  for (const blob of image.blobs) registry.putBlob(blob.bytes, { repository })

  const { digest, mediaType } = image.descriptor
  for (const reference of [digest, ...tags]) {
    registry.putManifest(repository, reference, mediaType, image.bytes)
  }
  return digest
}

function retyped(layer: Layer, form: ManifestForm): Content {
  const types = mediaTypes[form]
  const mediaType = layer.descriptor.urls === undefined ? types.layer : types.foreignLayer
  return { ...layer, descriptor: { ...layer.descriptor, mediaType } }
}

// A subject is named by type, digest and size; its platform is of no interest there.
function bare(subject: Content | undefined): Descriptor | undefined {
  if (subject === undefined) return undefined
  const { mediaType, digest, size } = subject.descriptor
  return { mediaType, digest, size }
}
