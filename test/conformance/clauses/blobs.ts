import { digestOf } from '../../../src/embedded/repository.ts'
import type { Clause, Section } from '../clause.ts'
import { blobs, missing, otherBlob, repository } from '../content.ts'
import { firstWith, wantHeader, wantSame, wantStatus } from '../want.ts'
import { whole } from './manifests.ts'

/** Where a blob is. */
export function blobPath(digest: string, of = repository): string {
  return `/v2/${of}/blobs/${digest}`
}

const each = Object.values(blobs)
const pulling = { source: 'Pulling blobs', decides: 'holder' } as const
const digests = { source: 'image-spec, Digests', decides: 'upstream' } as const

const clauses: readonly Clause[] = [
  {
    id: 'blob-by-digest',
    ...pulling,
    level: 'MUST',
    asks: 'a digest gives its blob, byte for byte, with 200',
    how: '`GET blobs/<digest>` of a layer, a config and a blob of no bytes',
    check: ({ ask }) =>
      firstWith(each, async ({ bytes, descriptor }) =>
        whole(await ask('GET', blobPath(descriptor.digest)), bytes),
      ),
  },
  {
    id: 'blob-digest-given',
    ...pulling,
    level: 'SHOULD',
    asks: 'the answer with the bytes has the blob’s digest in Docker-Content-Digest',
    how: '`GET blobs/<digest>` of each; the last host’s answer',
    check: ({ ask }) =>
      firstWith(each, async ({ descriptor: { digest } }) =>
        wantHeader(await ask('GET', blobPath(digest)), 'docker-content-digest', digest),
      ),
  },
  {
    id: 'blob-digest-true',
    ...pulling,
    level: 'MUST',
    asks: 'Docker-Content-Digest, if it is there, is the digest of the body',
    how: '`GET blobs/<digest>` of each; every answer on the way',
    check: ({ ask }) =>
      firstWith(each, async ({ descriptor: { digest } }) => {
        const answer = await ask('GET', blobPath(digest))
        const given = [answer, ...answer.hops].map(
          ({ headers }) => headers.get('docker-content-digest') ?? digest,
        )
        const told = [...new Set([digestOf(answer.body), ...given])]
        return wantSame(answer, 'digests told and found', told, [digest])
      }),
  },
  {
    id: 'blob-length',
    ...pulling,
    level: 'clients',
    asks: 'Content-Length is the blob’s size, against which crane and oras check it',
    how: '`GET blobs/<digest>` of each',
    check: ({ ask }) =>
      firstWith(each, async ({ descriptor: { digest, size } }) =>
        wantHeader(await ask('GET', blobPath(digest)), 'content-length', String(size)),
      ),
  },
  {
    id: 'blob-missing',
    ...pulling,
    level: 'MUST',
    asks: 'a blob that is nowhere in the registry is 404',
    how: '`GET blobs/<digest>` of a digest nobody pushed, here and in a repository that is not there',
    check: ({ ask }) =>
      firstWith([repository, missing.repository], async (of) =>
        wantStatus(await ask('GET', blobPath(missing.digest, of)), 404),
      ),
  },
  {
    id: 'blob-of-another-repository',
    ...pulling,
    level: 'MUST',
    asks: 'a blob that is not in this repository is 404',
    how: '`GET` and `HEAD blobs/<digest>` of another repository’s blob',
    check: ({ ask }) =>
      firstWith(['GET', 'HEAD'], async (method) =>
        wantStatus(await ask(method, blobPath(otherBlob.descriptor.digest)), 404),
      ),
  },
  {
    id: 'blob-digest-malformed',
    ...pulling,
    decides: 'nearport',
    level: 'MUST',
    asks: 'a digest that is none names no blob: 404, or 400',
    how: '`GET blobs/sha256:totallywrong`, with upper-case hex, and with a digit too few',
    check: ({ ask }) =>
      firstWith(['totallywrong', 'A'.repeat(64), 'a'.repeat(63)], async (hex) =>
        wantStatus(await ask('GET', blobPath(`sha256:${hex}`)), 404, 400),
      ),
  },
  {
    id: 'blob-digest-sha512',
    ...digests,
    level: 'MAY',
    asks: 'a SHA-512 is a digest: one that nobody pushed is 404, and not 400',
    how: '`GET blobs/sha512:<hex>`',
    async check({ ask }) {
      return wantStatus(await ask('GET', blobPath(`sha512:${'0'.repeat(128)}`)), 404)
    },
  },
  {
    id: 'blob-digest-unregistered',
    ...digests,
    level: 'SHOULD',
    asks: 'a digest of an algorithm that is not registered passes as one: 404, and not 400',
    how: '`GET blobs/sha256+b64u:<base64>`, the image-spec’s own example, and `blake3:<hex>`',
    check: ({ ask }) =>
      firstWith(
        ['sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564', `blake3:${'0'.repeat(64)}`],
        async (digest) => wantStatus(await ask('GET', blobPath(digest)), 404),
      ),
  },
  {
    id: 'blob-digest-escaped',
    source: 'Go’s registries',
    decides: 'holder',
    level: 'clients',
    asks: 'the colon of a digest may come as `%3A`',
    how: '`GET blobs/sha256%3A<hex>` of each',
    check: ({ ask }) =>
      firstWith(each, async ({ bytes, descriptor: { digest } }) =>
        whole(await ask('GET', blobPath(digest.replace(':', '%3A'))), bytes),
      ),
  },
]

export const blobSection: Section = { title: 'Pulling blobs', clauses }
