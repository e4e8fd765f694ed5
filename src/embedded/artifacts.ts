import { type Content, type Image, type ManifestExtras, contentOf, manifestOf } from './images.ts'
import { mediaTypes } from './media-type.ts'

/**
 * The empty JSON object that an artifact without a config points to (OCI image-spec, "Guidance for
 * an empty descriptor").
 */
const emptyConfig = contentOf('application/vnd.oci.empty.v1+json', '{}')

/** A blob of no bytes, which registries hold like any other. */
export const emptyBlob = contentOf('application/octet-stream', '')

/** An artifact: an image manifest over files of any type. With a `subject` it is a referrer. */
export function artifactOf(
  options: ManifestExtras & {
    readonly artifactType?: string
    readonly config?: Content
    readonly files: readonly Content[]
  },
): Image {
  const { config = emptyConfig, files, ...extras } = options
  return manifestOf('oci', config, files, extras)
}

/** A file of an artifact, under the name that oras and helm save it by. */
export function fileOf(mediaType: string, title: string, bytes: string | Uint8Array): Content {
  return contentOf(mediaType, bytes, { annotations: { 'org.opencontainers.image.title': title } })
}

/**
 * A signature of an image in the shape cosign gives it, with a value that proves nothing. Push it
 * as `signatureTag`.
 */
export function signatureOf(signed: Content): Image {
  const payload = contentOf(
    'application/vnd.dev.cosign.simplesigning.v1+json',
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': '' },
        image: { 'docker-manifest-digest': signed.descriptor.digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
    { annotations: { 'dev.cosignproject.cosign/signature': 'MEUCIQ==' } },
  )
  const config = contentOf(
    mediaTypes.oci.config,
    JSON.stringify({
      architecture: '',
      os: '',
      config: {},
      rootfs: { type: 'layers', diff_ids: [payload.descriptor.digest] },
    }),
  )
  return manifestOf('oci', config, [payload])
}

/** The tag where cosign looks for signatures of a manifest: `sha256-<hex>.sig`. */
export function signatureTag(signed: Content): string {
  return `${referrersTag(signed)}.sig`
}

/**
 * The tag of the referrers fallback (OCI distribution-spec, "Referrers Tag Schema"):
 * `sha256-<hex>`.
 */
export function referrersTag(subject: Content): string {
  return subject.descriptor.digest.replace(':', '-')
}
