import { createHash } from 'node:crypto'
import { emptyBlob, fileOf, artifactOf } from '../../src/embedded/artifacts.ts'
import {
  type Content,
  type Image,
  contentOf,
  imageOf,
  indexOf,
  layerOf,
  manifestOf,
} from '../../src/embedded/images.ts'
import { mediaTypes } from '../../src/embedded/media-type.ts'
import { fallbackList, referrersIn, referrersOf, tags, tagsIn } from './content-lists.ts'

// What every registry holds that is put to the test. The bytes are the same in every run.

/** The repository that most is pulled from, and another one, whose blobs are its own. */
export const repository = 'conformance/app'
export const otherRepository = 'conformance/other'
/** What no registry here has. */
export const missing = {
  repository: 'conformance/nothing-here',
  tag: 'nothing-here',
  digest: `sha256:${'0'.repeat(64)}`,
} as const

/** As long as a tag may be, with every kind of character that a tag may have. */
export const longTag = `_Long.tag-${'x'.repeat(118)}`

/** Names of repositories at the edges of the grammar. Each holds `image` as `1.0`. */
export const unusualNames = {
  separators: 'conformance/a.b/c_d/e__f/g---h/0',
  /** Words of the API's own paths, which are legal parts of a name. */
  words: 'conformance/blobs/manifests/tags/list/referrers',
  /** 255 characters, the most that registries take. */
  long: `conformance/${'l'.repeat(80)}/${'o'.repeat(80)}/${'n'.repeat(81)}`,
} as const

const layer = layerOf([{ path: 'usr/share/noise', content: noise('layer', 64 * 1024) }])
export const image = imageOf({ architecture: 'amd64', layers: [layer] })
const arm = imageOf({ architecture: 'arm64', layers: [layer] })
export const index = indexOf([image, arm])
/** The same in Docker's media types. */
export const dockerImage = imageOf({ architecture: 'amd64', layers: [layer], form: 'docker' })
/** A manifest that is no image: a type of its own, the empty config, and a blob of no bytes. */
export const artifact = artifactOf({
  artifactType: 'application/vnd.example.notes',
  files: [fileOf('text/plain', 'NOTES.txt', 'Nothing new.\n'), emptyBlob],
})

/** Blobs of `repository`. */
export const blobs: { readonly [name in 'layer' | 'config' | 'empty']: Content } = {
  layer,
  config: image.blobs[0]!,
  empty: emptyBlob,
}
/** A blob of `otherRepository` alone. */
export const otherBlob: Content = contentOf('application/octet-stream', noise('other', 1000))

/** A manifest of four megabytes, which registries should be able to take. */
export const largeManifest = padded(4_000_000)

/** The manifests whose subject is `image`. */
export const referrers = referrersOf(image, arm)
/** The same as a list under a tag, for a registry that has no list of its own. */
export const fallback = fallbackList(image, arm)
/** A manifest beside them that nothing refers to. */
export const lonely = arm

/** An image in its repository, under its tags. */
export type Placement = {
  readonly repository: string
  readonly image: Image
  readonly tags: readonly string[]
}

/** All of it. `lists` is what the registry itself calls the folder of the repositories with lists. */
export function placements(lists: string): readonly Placement[] {
  return [
    { repository, image, tags: ['1.0', longTag] },
    { repository, image: index, tags: ['multi'] },
    { repository, image: dockerImage, tags: ['docker'] },
    { repository, image: artifact, tags: ['notes'] },
    { repository, image: largeManifest, tags: ['large'] },
    { repository: otherRepository, image: artifactOf({ files: [otherBlob] }), tags: ['1.0'] },
    ...Object.values(unusualNames).map((name) => ({ repository: name, image, tags: ['1.0'] })),
    { repository: tagsIn(lists), image, tags },
    { repository: referrersIn(lists), image, tags: ['1.0'] },
    ...referrers.map((each) => ({ repository: referrersIn(lists), image: each.image, tags: [] })),
  ]
}

function padded(bytes: number): Image {
  const of = (length: number) =>
    manifestOf('oci', blobs.config, [layer], { annotations: { padding: 'x'.repeat(length) } })
  return of(bytes - of(0).bytes.length)
}

function noise(seed: string, length: number): Uint8Array {
  return createHash('shake256', { outputLength: length }).update(seed).digest()
}

/** What a client that knows all of these types sends. */
export const acceptAll = {
  accept: [
    mediaTypes.oci.manifest,
    mediaTypes.oci.index,
    mediaTypes.docker.manifest,
    mediaTypes.docker.index,
  ].join(', '),
} as const
