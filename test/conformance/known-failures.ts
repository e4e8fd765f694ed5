import { columns } from './columns.ts'

/** Checks that fail where they are known to, and why that is so. */
export type KnownFailure = {
  readonly clauses: readonly string[]
  readonly columns: readonly string[]
  readonly why: string
}

const mirrored: readonly string[] = columns
  .filter(({ nearport }) => nearport?.presence !== undefined)
  .map(({ name }) => name)

/**
 * Every failure there is. One that is not here fails the tests, and so does one that is here and
 * passes. Where nearport gives the answer of its upstream, the upstream’s failures are not repeated.
 */
export const knownFailures: readonly KnownFailure[] = [
  {
    clauses: ['blob-digest-given'],
    columns: [...mirrored],
    why:
      'the last answer is a bucket’s, and S3 has no such header to send. The redirect to it has the digest ' +
      '(`redirect-digest`), and so has a `HEAD` that nearport answers itself. No client is known to want it of a blob’s bytes.',
  },
  {
    clauses: ['blob-of-another-repository'],
    columns: [...mirrored],
    why:
      'mirrors and their index know a blob by its digest alone, and give it under any name that an upstream answers for. ' +
      'Everyone may read all that is mirrored; nothing private may be put into the same bucket.',
  },
  {
    clauses: ['blob-missing', 'blob-exists-not', 'error-blob-unknown', 'blob-exists-digest'],
    columns: ['embedded, assume'],
    why:
      '`assume` asks nobody: whatever is asked for, the bucket is taken to hold it and answers itself, 403 in XML for what it has not, ' +
      'since S3 says so to whoever may not list it, and with no digest to a `HEAD`. It is for buckets that are whole replicas.',
  },
  {
    clauses: ['tags-n-no-number'],
    columns: ['embedded'],
    why: 'it says `PAGINATION_NUMBER_INVALID`, as distribution does from version 3 on, which is not in the spec’s table. nearport says `NAME_INVALID`.',
  },
  {
    clauses: ['referrers-artifact-type-empty'],
    columns: ['embedded'],
    why: 'the registry in memory repeats the empty type.',
  },
  {
    clauses: ['manifest-digest-malformed'],
    columns: ['docker-registry'],
    why: 'it answers 500. nearport does not ask it, and says 404.',
  },
  {
    clauses: ['manifest-accept-any'],
    columns: ['docker-registry'],
    why: 'it gives OCI’s manifests to those alone who name their types, and 404 to others, `*/*` or not.',
  },
  {
    clauses: ['blob-digest-unregistered'],
    columns: ['docker-registry'],
    why: 'an algorithm that it cannot compute is 400 to it.',
  },
  {
    clauses: ['range-beyond', 'range-unknown-unit'],
    columns: ['docker-registry'],
    why: 'its 416 promises as many bytes as the blob has and ends after a line of text, so that the connection breaks; a unit that it does not know is 416 too.',
  },
  {
    clauses: ['range-beyond', 'range-if-unchanged'],
    columns: mirrored.filter((name) => name.startsWith('docker-registry')),
    why:
      'the bucket answers, here Ceph’s: its 416 does not tell the size, and it does not look at If-Range. ' +
      'A blob has no other version: its digest is its name.',
  },
  {
    clauses: ['tags-order', 'tags-n', 'tags-n-zero', 'tags-last', 'tags-n-last'],
    columns: ['docker-registry'],
    why: 'before version 3 it has no pages of tags, and gives all of them as they lie on its disk.',
  },
  {
    clauses: [
      'referrers-index',
      'referrers-type',
      'referrers-all',
      'referrers-artifact-type',
      'referrers-artifact-type-empty',
      'referrers-annotations',
      'referrers-filter',
      'referrers-filter-told',
      'referrers-none',
      'referrers-digest-malformed',
    ],
    columns: ['docker-registry'],
    why: 'it is older than the list of referrers: 404, on which clients read the list under the tag (`referrers-tag-schema`).',
  },
  {
    clauses: ['error-name-invalid', 'error-digest-invalid'],
    columns: ['docker-registry'],
    why: 'what fits no route of its is 404 in plain text.',
  },
]

/** Why this check fails there; undefined: it has to pass. */
export function whyItFails(clause: string, column: string): string | undefined {
  return knownFailures.find(
    (known) => known.clauses.includes(clause) && known.columns.includes(column),
  )?.why
}
