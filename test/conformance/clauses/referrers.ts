import type { Descriptor } from '../../../src/embedded/repository.ts'
import { mediaTypes } from '../../../src/embedded/media-type.ts'
import type { Answer } from '../ask.ts'
import type { Clause, Problem, Section, Subject } from '../clause.ts'
import { acceptAll, fallback, image, lonely, missing, referrers } from '../content.ts'
import { referrersIn, sbomType } from '../content-lists.ts'
import { descriptorsOn, walkPages } from '../pages.ts'
import { firstOf, firstWith, jsonOf, wantHeader, wantSame, wantStatus, wantThat } from '../want.ts'
import { manifestPath } from './manifests.ts'

const subjectDigest = image.descriptor.digest
const descriptors = referrers.map(({ descriptor }) => descriptor)
const sboms = descriptors.filter(({ artifactType }) => artifactType === sbomType)
const emptyTyped = referrers
  .filter(({ isEmptyTyped }) => isEmptyTyped)
  .map(({ descriptor }) => descriptor.digest)
const filter = `?artifactType=${encodeURIComponent(sbomType)}`
const listing = { source: 'Listing Referrers', decides: 'upstream' } as const
const index = mediaTypes.oci.index

const clauses: readonly Clause[] = [
  {
    id: 'referrers-index',
    ...listing,
    level: 'MUST',
    asks: 'the list is an image index, 200',
    how: '`GET referrers/<digest>`: schemaVersion 2, mediaType, manifests',
    async check(subject) {
      const answer = await list(subject, subjectDigest)
      const { schemaVersion, mediaType } = Object(jsonOf(answer)) as Record<string, unknown>
      return firstOf(
        wantStatus(answer, 200),
        wantSame(answer, 'version and type', [schemaVersion, mediaType], [2, index]),
        wantThat(answer, descriptorsOn(answer) !== undefined, 'manifests', answer.body.toString()),
      )
    },
  },
  {
    id: 'referrers-type',
    ...listing,
    level: 'MUST',
    asks: 'its Content-Type is the index’s, to the letter',
    how: '`GET referrers/<digest>`, with referrers and without',
    check: (subject) =>
      firstWith([subjectDigest, lonely.descriptor.digest], async (each) =>
        wantHeader(await list(subject, each), 'content-type', index),
      ),
  },
  {
    id: 'referrers-all',
    ...listing,
    level: 'MUST',
    asks: 'followed from Link to Link, it has every referrer once: type, digest and size',
    how: '`GET referrers/<digest>` to its end',
    check: (subject) =>
      wantDescriptors(subject, ({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  },
  {
    id: 'referrers-artifact-type',
    ...listing,
    level: 'MUST',
    asks: 'a descriptor has the manifest’s artifactType; an image’s without one, its config’s type; an index’s without one, none',
    how: '`GET referrers/<digest>` to its end',
    check: (subject) =>
      wantDescriptors(
        subject,
        ({ digest, artifactType }) => ({ digest, artifactType }),
        ({ digest }) => !emptyTyped.includes(digest),
      ),
  },
  {
    id: 'referrers-artifact-type-empty',
    ...listing,
    level: 'MUST',
    asks: 'an empty artifactType counts as none',
    how: '`GET referrers/<digest>` to its end',
    check: (subject) =>
      wantDescriptors(
        subject,
        ({ digest, artifactType }) => ({ digest, artifactType }),
        ({ digest }) => emptyTyped.includes(digest),
      ),
  },
  {
    id: 'referrers-annotations',
    ...listing,
    level: 'MUST',
    asks: 'a descriptor has the manifest’s annotations',
    how: '`GET referrers/<digest>` to its end',
    check: (subject) =>
      wantDescriptors(subject, ({ digest, annotations }) => ({ digest, annotations })),
  },
  {
    id: 'referrers-filter',
    ...listing,
    level: 'SHOULD',
    asks: 'a list of one artifactType has the referrers of that type alone',
    how: '`GET referrers/<digest>?artifactType=<type>`, its `/` and `+` escaped',
    async check(subject) {
      const answer = await list(subject, subjectDigest, filter)
      const got = descriptorsOn(answer) as readonly Descriptor[] | undefined
      const digests = got?.map((each) => each.digest).toSorted()
      const wanted = sboms.map((each) => each.digest).toSorted()
      return firstOf(wantStatus(answer, 200), wantSame(answer, 'referrers', digests, wanted))
    },
  },
  {
    id: 'referrers-filter-told',
    ...listing,
    level: 'MUST',
    asks: 'a list that was filtered says so in OCI-Filters-Applied; one that was not does not',
    how: '`GET referrers/<digest>` with `?artifactType=` and without',
    async check(subject) {
      const filtered = await list(subject, subjectDigest, filter)
      const plain = await list(subject, subjectDigest)
      const isFiltered = descriptorsOn(filtered)?.length === sboms.length
      return firstOf(
        wantStatus(filtered, 200),
        wantHeader(filtered, 'oci-filters-applied', isFiltered ? 'artifactType' : undefined),
        wantHeader(plain, 'oci-filters-applied', undefined),
      )
    },
  },
  {
    id: 'referrers-none',
    ...listing,
    level: 'MUST',
    asks: 'without any referrers the list is empty, and never 404, even of a digest nobody pushed',
    how: '`GET referrers/<digest>` of a manifest that has none, of no manifest, and filtered by a type that none has',
    check: (subject) =>
      firstWith(
        [
          [lonely.descriptor.digest, ''],
          [missing.digest, ''],
          [subjectDigest, '?artifactType=application%2Fnothing'],
        ] as const,
        async ([of, query]) => {
          const answer = await list(subject, of, query)
          return firstOf(
            wantStatus(answer, 200),
            wantSame(answer, 'manifests', descriptorsOn(answer), []),
          )
        },
      ),
  },
  {
    id: 'referrers-digest-malformed',
    ...listing,
    decides: 'nearport',
    level: 'MUST',
    asks: 'a digest that is none is 400',
    how: '`GET referrers/sha256:totallywrong`',
    async check(subject) {
      return wantStatus(await list(subject, 'sha256:totallywrong'), 400)
    },
  },
  {
    id: 'referrers-tag-schema',
    source: 'Unavailable Referrers API',
    decides: 'upstream',
    level: 'MUST',
    asks: 'a client that falls back to the tag where the list is 404 finds the same referrers',
    how: '`GET referrers/<digest>`; if that is 404, `GET manifests/<algorithm>-<hex>`',
    async check(subject) {
      const answer = await list(subject, subjectDigest)
      const isThere = answer.status !== 404
      const path = manifestPath(fallback.tag, referrersIn(subject.lists))
      const pages = isThere
        ? await walkPages(subject.ask, pathOf(subject, subjectDigest))
        : [await subject.ask('GET', path, acceptAll)]
      const got = pages.flatMap((page) => descriptorsOn(page) ?? []) as readonly Descriptor[]
      const digests = got.map((each) => each.digest).toSorted()
      const wanted = descriptors.map((each) => each.digest).toSorted()
      return wantSame(pages[0]!, 'referrers', digests, wanted)
    },
  },
]

export const referrerSection: Section = { title: 'Listing referrers', clauses }

function pathOf({ lists }: Subject, of: string, query = ''): string {
  return `/v2/${referrersIn(lists)}/referrers/${of}${query}`
}

function list(subject: Subject, of: string, query = ''): Promise<Answer> {
  return subject.ask('GET', pathOf(subject, of, query))
}

/** All the referrers, or those of interest, in some of their fields. */
async function wantDescriptors(
  subject: Subject,
  fieldsOf: (descriptor: Descriptor) => object,
  isMeant: (descriptor: Descriptor) => boolean = () => true,
): Promise<Problem> {
  const pages = await walkPages(subject.ask, pathOf(subject, subjectDigest))
  const got = pages.flatMap((page) => descriptorsOn(page) ?? []) as readonly Descriptor[]
  const inOrder = (all: readonly Descriptor[]) =>
    all
      .filter(isMeant)
      .toSorted((a, b) => (a.digest < b.digest ? -1 : 1))
      .map(fieldsOf)
  return wantSame(pages[0]!, 'referrers', inOrder(got), inOrder(descriptors))
}
