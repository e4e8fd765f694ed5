import type { Image } from '../../../src/embedded/images.ts'
import { digestOf } from '../../../src/embedded/repository.ts'
import type { Answer } from '../ask.ts'
import type { Clause, Problem, Section, Subject } from '../clause.ts'
import {
  acceptAll,
  artifact,
  dockerImage,
  image,
  index,
  largeManifest,
  longTag,
  missing,
  repository,
} from '../content.ts'
import {
  firstOf,
  firstWith,
  jsonOf,
  wantBytes,
  wantHeader,
  wantSame,
  wantStatus,
  wantThat,
} from '../want.ts'

/** A tag of each kind of manifest, and what it names. */
export const kinds: readonly (readonly [tag: string, image: Image])[] = [
  ['1.0', image],
  ['multi', index],
  ['docker', dockerImage],
  ['notes', artifact],
]

/** Where a manifest is. */
export function manifestPath(reference: string, of = repository): string {
  return `/v2/${of}/manifests/${reference}`
}

const pulling = { source: 'Pulling manifests', decides: 'upstream' } as const

const clauses: readonly Clause[] = [
  {
    id: 'manifest-by-tag',
    ...pulling,
    level: 'MUST',
    asks: 'a tag gives its manifest, byte for byte, with 200',
    how: '`GET manifests/<tag>` of an image, an index, a Docker image and an artifact',
    check: (subject) => eachKind(subject, 'tag', (answer, { bytes }) => whole(answer, bytes)),
  },
  {
    id: 'manifest-by-digest',
    ...pulling,
    level: 'MUST',
    asks: 'a digest gives its manifest, byte for byte, with 200',
    how: '`GET manifests/<digest>` of each kind',
    check: (subject) => eachKind(subject, 'digest', (answer, { bytes }) => whole(answer, bytes)),
  },
  {
    id: 'manifest-type',
    ...pulling,
    level: 'SHOULD',
    asks: 'Content-Type is the one the manifest was pushed with',
    how: '`GET manifests/<tag>` of each kind',
    check: (subject) =>
      eachKind(subject, 'tag', (answer, { descriptor }) => {
        const got = answer.headers.get('content-type')?.split(';', 1)[0]
        return wantSame(answer, 'content-type', got, descriptor.mediaType)
      }),
  },
  {
    id: 'manifest-type-bare',
    ...pulling,
    level: 'SHOULD',
    asks: 'Content-Type has no parameters',
    how: '`GET manifests/<tag>` of each kind',
    check: (subject) =>
      eachKind(subject, 'tag', (answer) => {
        const type = answer.headers.get('content-type') ?? ''
        return wantThat(answer, type !== '' && !type.includes(';'), 'a type alone', type)
      }),
  },
  {
    id: 'manifest-type-agrees',
    ...pulling,
    level: 'SHOULD',
    asks: 'Content-Type agrees with the `mediaType` inside, or clients reject the manifest',
    how: '`GET manifests/<digest>` of each kind',
    check: (subject) =>
      eachKind(subject, 'digest', (answer) => {
        const { mediaType } = Object(jsonOf(answer)) as { readonly mediaType?: string }
        return wantHeader(answer, 'content-type', mediaType ?? 'that of a manifest')
      }),
  },
  {
    id: 'manifest-digest-given',
    ...pulling,
    level: 'SHOULD',
    asks: 'the answer has the manifest’s digest in Docker-Content-Digest',
    how: '`GET manifests/<tag>` of each kind',
    check: (subject) =>
      eachKind(subject, 'tag', (answer, { descriptor }) =>
        wantHeader(answer, 'docker-content-digest', descriptor.digest),
      ),
  },
  {
    id: 'manifest-digest-true',
    ...pulling,
    level: 'MUST',
    asks: 'Docker-Content-Digest, if it is there, is the digest of the body',
    how: '`GET manifests/<digest>` of each kind',
    check: (subject) =>
      eachKind(subject, 'digest', (answer) => {
        const given = answer.headers.get('docker-content-digest')
        const got = given ?? digestOf(answer.body)
        return firstOf(
          wantStatus(answer, 200),
          wantSame(answer, 'digest', got, digestOf(answer.body)),
        )
      }),
  },
  {
    id: 'manifest-missing',
    ...pulling,
    level: 'MUST',
    asks: 'a manifest that is not in the repository is 404',
    how: '`GET manifests/<reference>` of a tag and a digest nobody pushed, and in a repository that is not there',
    check: ({ ask }) =>
      firstWith(
        [
          manifestPath(missing.tag),
          manifestPath(missing.digest),
          manifestPath(image.descriptor.digest, missing.repository),
        ],
        async (path) => wantStatus(await ask('GET', path, acceptAll), 404),
      ),
  },
  {
    id: 'manifest-reference-neither',
    ...pulling,
    decides: 'nearport',
    level: 'MUST',
    asks: 'what is neither a tag nor a digest names no manifest: 404',
    how: '`GET` and `HEAD manifests/.INVALID_MANIFEST_NAME`, `-x`, and a tag of 129 characters',
    check: ({ ask }) =>
      firstWith(
        ['.INVALID_MANIFEST_NAME', '-x', `${longTag}y`].flatMap(
          (reference) =>
            [
              ['GET', reference],
              ['HEAD', reference],
            ] as const,
        ),
        async ([method, reference]) =>
          wantStatus(await ask(method, manifestPath(reference), acceptAll), 404),
      ),
  },
  {
    id: 'manifest-digest-malformed',
    ...pulling,
    decides: 'nearport',
    level: 'MUST',
    asks: 'a digest that is none is 404, or 400 with an error’s body',
    how: '`GET manifests/sha256:totallywrong`',
    async check({ ask }) {
      const answer = await ask('GET', manifestPath('sha256:totallywrong'), acceptAll)
      const body = Object(jsonOf(answer)) as { readonly errors?: unknown }
      const isTold = answer.status !== 400 || Array.isArray(body.errors)
      return firstOf(
        wantStatus(answer, 404, 400),
        wantThat(answer, isTold, 'errors in the body of a 400', answer.body.toString()),
      )
    },
  },
  {
    id: 'manifest-tag-longest',
    ...pulling,
    level: 'MUST',
    asks: 'a tag may have 128 characters, capitals, dots, dashes, and begin with an underscore',
    how: '`GET manifests/<tag>` of such a tag',
    async check({ ask }) {
      return whole(await ask('GET', manifestPath(longTag), acceptAll), image.bytes)
    },
  },
  {
    id: 'manifest-4-megabytes',
    source: 'Pushing Manifests',
    decides: 'upstream',
    level: 'SHOULD',
    asks: 'manifests of four megabytes are supported',
    how: '`GET manifests/<tag>` of one with 4,000,000 bytes',
    async check({ ask }) {
      return whole(await ask('GET', manifestPath('large'), acceptAll), largeManifest.bytes)
    },
  },
]

export const manifestSection: Section = { title: 'Pulling manifests', clauses }

/** All of these bytes, with 200. */
export function whole(answer: Answer, bytes: Uint8Array): Problem {
  return firstOf(wantStatus(answer, 200), wantBytes(answer, bytes))
}

function eachKind(
  { ask }: Subject,
  by: 'tag' | 'digest',
  check: (answer: Answer, image: Image) => Problem,
): Promise<Problem> {
  return firstWith(kinds, async ([tag, each]) => {
    const reference = by === 'tag' ? tag : each.descriptor.digest
    const answer = await ask('GET', manifestPath(reference), acceptAll)
    return firstOf(wantStatus(answer, 200), check(answer, each))
  })
}
