import { artifactOf, fileOf, referrersTag } from '../../src/embedded/artifacts.ts'
import { type Content, type Image, contentOf, indexOf } from '../../src/embedded/images.ts'
import { mediaTypes } from '../../src/embedded/media-type.ts'
import type { Descriptor } from '../../src/embedded/repository.ts'

/** The repository whose tags are listed, in a folder. */
export function tagsIn(folder: string): string {
  return `${folder}/many`
}

/** The repository of a subject and all that refers to it. */
export function referrersIn(folder: string): string {
  return `${folder}/subject`
}

/**
 * Tags of one image, in no order at all. Capitals and
 * an underscore stand elsewhere in one lexical order than in another.
 */
export const tags = ['beta.2', '1.0', '_edge', 'Latest', 'alpha', '1.10', 'z-9'] as const

/** A type with every character that has to be escaped in a query. */
export const sbomType = 'application/vnd.example.sbom+json'
const configType = 'application/vnd.example.signature.config.v1+json'

/** A manifest with a subject, and the descriptor by which a list of referrers has to name it. */
export type Referrer = {
  readonly image: Image
  readonly descriptor: Descriptor
  /** Its artifactType is there, and empty. */
  readonly isEmptyTyped: boolean
}

/**
 * The referrers of a subject: with a type, with none (then the config's stands for it), with an
 * empty one (likewise), and indexes with and without a type.
 */
export function referrersOf(subject: Content, child: Image): readonly Referrer[] {
  const annotations = { 'org.opencontainers.image.created': '2026-01-02T03:04:05Z', note: 'a "b"' }
  const file = (name: string) => [fileOf('text/plain', name, `${name}\n`)]
  const config = contentOf(configType, '{}')
  const plainIndex = indexOf([child], { subject, annotations })
  return [
    named(artifactOf({ artifactType: sbomType, files: file('sbom-1'), subject, annotations }), {
      artifactType: sbomType,
      annotations,
    }),
    named(artifactOf({ artifactType: sbomType, files: file('sbom-2'), subject }), {
      artifactType: sbomType,
    }),
    named(artifactOf({ config, files: file('signature'), subject }), { artifactType: configType }),
    {
      ...named(artifactOf({ artifactType: '', config, files: file('untyped'), subject }), {
        artifactType: configType,
      }),
      isEmptyTyped: true,
    },
    named(plainIndex, { annotations }),
    named(typedIndex(child, subject), { artifactType: 'application/vnd.example.set' }),
  ]
}

/**
 * The list of referrers that whoever pushes them keeps under a tag where the registry keeps none
 * (distribution-spec 1.1, "Referrers Tag Schema").
 */
export function fallbackList(subject: Image, child: Image) {
  const manifests = referrersOf(subject, child).map(({ descriptor }) => descriptor)
  const mediaType = mediaTypes.oci.index
  const text = JSON.stringify({ schemaVersion: 2, mediaType, manifests })
  const image: Image = { ...contentOf(mediaType, text), blobs: [], children: [] }
  return { tag: referrersTag(subject), image }
}

function named(image: Image, extra: Pick<Descriptor, 'artifactType' | 'annotations'>): Referrer {
  const { mediaType, digest, size } = image.descriptor
  return { image, descriptor: { mediaType, digest, size, ...extra }, isEmptyTyped: false }
}

function typedIndex(child: Image, subject: Content): Image {
  const { mediaType, digest, size } = subject.descriptor
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.oci.index,
    artifactType: 'application/vnd.example.set',
    manifests: [child.descriptor],
    subject: { mediaType, digest, size },
  })
  return { ...contentOf(mediaTypes.oci.index, text), blobs: [], children: [child] }
}
