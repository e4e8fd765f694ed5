import type { Answer } from '../ask.ts'
import type { Clause, Problem, Section, Subject } from '../clause.ts'
import { acceptAll, missing } from '../content.ts'
import { wantCode, wantErrorForm, wantListedCode } from '../error-form.ts'
import { firstWith, wantThat } from '../want.ts'
import { blobPath } from './blobs.ts'
import { manifestPath } from './manifests.ts'

const noManifest = manifestPath(missing.tag)
const noBlob = blobPath(missing.digest)
const noTags = `/v2/${missing.repository}/tags/list`
const badName = '/v2/Conformance/APP/tags/list'
const badDigest = blobPath('sha256:totallywrong')
const badReferrers = '/v2/conformance/app/referrers/sha256:totallywrong'
const bad = [noManifest, noBlob, noTags, badName, badDigest, badReferrers]

const codes = { source: 'Error Codes', level: 'MUST' } as const
const clients = { source: 'Error Codes', level: 'clients' } as const

const clauses: readonly Clause[] = [
  {
    id: 'error-form',
    ...codes,
    decides: 'upstream',
    asks: 'an error whose body is JSON has `errors`, each with a `code` of capitals and underscores',
    how: 'an unknown manifest, blob and repository; a malformed name and digest',
    check: (subject) => eachError(subject, bad, wantErrorForm),
  },
  {
    id: 'error-code-listed',
    ...codes,
    decides: 'upstream',
    asks: 'and its code is one of the table',
    how: 'the same',
    check: (subject) =>
      eachError(subject, bad, (answer) =>
        answer.headers.get('content-type')?.startsWith('application/json') === true
          ? wantListedCode(answer)
          : undefined,
      ),
  },
  {
    id: 'error-manifest-unknown',
    ...clients,
    decides: 'upstream',
    asks: 'a manifest that is not there is MANIFEST_UNKNOWN, in JSON that says so',
    how: '`GET manifests/<tag>` of a tag nobody pushed',
    check: (subject) =>
      eachError(subject, [noManifest], (answer) => wantCode(answer, 'MANIFEST_UNKNOWN')),
  },
  {
    id: 'error-blob-unknown',
    ...clients,
    decides: 'holder',
    asks: 'a blob that is not there is BLOB_UNKNOWN',
    how: '`GET blobs/<digest>` of a digest nobody pushed',
    check: (subject) => eachError(subject, [noBlob], (answer) => wantCode(answer, 'BLOB_UNKNOWN')),
  },
  {
    id: 'error-name-unknown',
    ...clients,
    decides: 'nearport',
    asks: 'a repository that is not there is NAME_UNKNOWN',
    how: '`GET tags/list` there',
    check: (subject) => eachError(subject, [noTags], (answer) => wantCode(answer, 'NAME_UNKNOWN')),
  },
  {
    id: 'error-name-invalid',
    ...clients,
    decides: 'nearport',
    asks: 'a name outside the grammar is NAME_INVALID',
    how: '`GET /v2/Conformance/APP/tags/list`',
    check: (subject) => eachError(subject, [badName], (answer) => wantCode(answer, 'NAME_INVALID')),
  },
  {
    id: 'error-digest-invalid',
    ...clients,
    decides: 'nearport',
    asks: 'a digest that is none is DIGEST_INVALID',
    how: '`GET blobs/sha256:totallywrong`, `GET referrers/sha256:totallywrong`',
    check: (subject) =>
      eachError(subject, [badDigest, badReferrers], (answer) => wantCode(answer, 'DIGEST_INVALID')),
  },
]

export const errorSection: Section = { title: 'Errors', clauses }

function eachError(
  { ask }: Subject,
  paths: readonly string[],
  check: (answer: Answer) => Problem,
): Promise<Problem> {
  return firstWith(paths, async (path) => {
    const answer = await ask('GET', path, acceptAll)
    const isError = answer.status >= 400 && answer.status < 500
    return wantThat(answer, isError, 'a status of 4xx', answer.status) ?? check(answer)
  })
}
