import type { Answer } from '../ask.ts'
import type { Clause, Problem, Section, Subject } from '../clause.ts'
import { acceptAll, blobs, image, index } from '../content.ts'
import { referrersIn, tagsIn } from '../content-lists.ts'
import { wantListedCode } from '../error-form.ts'
import { nextOf } from '../pages.ts'
import { firstOf, firstWith, wantHeader, wantSame, wantStatus, wantThat } from '../want.ts'
import { blobPath } from './blobs.ts'
import { manifestPath, whole } from './manifests.ts'

const { digest } = blobs.layer.descriptor
const pulls: readonly (readonly [path: string, digest: string, bytes: Uint8Array])[] = [
  [blobPath(digest), digest, blobs.layer.bytes],
  [manifestPath(index.descriptor.digest), index.descriptor.digest, index.bytes],
]
const lists = ({ lists: name }: Subject) => [
  `/v2/${tagsIn(name)}/tags/list?n=2`,
  `/v2/${referrersIn(name)}/referrers/${image.descriptor.digest}`,
]

const hostilePaths = [
  '/',
  '/v1/_ping',
  '/v2/app',
  '//v2/',
  `/v2/app%2F..%2Fother/blobs/${digest}`,
  `/v2/app%5Cother/blobs/${digest}`,
  '/v2/app/manifests/%00',
  '/v2/app/manifests/%252e%252e',
  '/v2/app/manifests/%f',
]

const own = { source: 'docs/request-handling.md', decides: 'nearport', level: 'clients' } as const
const redirecting = {
  ...own,
  how: '`GET` of a blob and of a manifest by digest',
  // A relay redirects for a blob alone, and only where its upstream does.
  appliesTo: ({ kind }: Subject) => kind === 'redirect',
} as const
const inFront = { ...own, appliesTo: ({ kind }: Subject) => kind !== 'registry' } as const

const clauses: readonly Clause[] = [
  {
    id: 'redirect-once',
    ...redirecting,
    asks: 'it leads there in one hop, by 307 and an absolute Location: stargz and SOCI follow no second',
    check: (subject) =>
      eachPull(subject, (answer) => {
        const [hop] = answer.hops
        const location = hop?.headers.get('location') ?? ''
        return firstOf(
          wantSame(
            answer,
            'redirects',
            answer.hops.map(({ status }) => status),
            [307],
          ),
          wantThat(answer, /^https?:\/\/[^/@?#]+\/[^?#]*$/.test(location), 'an address', location),
        )
      }),
  },
  {
    id: 'redirect-not-stored',
    ...redirecting,
    asks: 'no cache keeps a redirect: the next caller is somewhere else',
    check: (subject) =>
      eachPull(subject, (answer) =>
        wantSame(answer, 'cache-control', answer.hops[0]?.headers.get('cache-control'), 'no-store'),
      ),
  },
  {
    id: 'redirect-digest',
    ...redirecting,
    asks: 'a redirect has the digest in Docker-Content-Digest, which a bucket cannot send',
    check: (subject) =>
      eachPull(subject, (answer, wanted) => {
        const got = answer.hops[0]?.headers.get('docker-content-digest')
        return wantSame(answer, 'docker-content-digest', got, wanted)
      }),
  },
  {
    id: 'redirect-keeps-query',
    ...redirecting,
    asks: 'the client’s query goes to the upstream, as it stands, less containerd’s `ns`',
    how: '`GET manifests/<tag>?ns=docker.io&a=%20b`',
    async check({ ask }) {
      const answer = await ask('GET', `${manifestPath('1.0')}?ns=docker.io&a=%20b`, acceptAll)
      const location = answer.hops[0]?.headers.get('location') ?? ''
      return firstOf(
        whole(answer, image.bytes),
        wantSame(answer, 'query', location.split('?')[1], 'a=%20b'),
      )
    },
  },
  {
    id: 'redirect-by-configuration',
    ...redirecting,
    asks: 'nothing that a client sends says where it is led',
    how: 'the same with another `Host`, `X-Forwarded-Host`, `Forwarded` and `ns`',
    async check({ ask }) {
      const evil = 'evil.example'
      const headers = { host: evil, 'x-forwarded-host': evil, forwarded: `host=${evil}` }
      return firstWith(pulls, async ([path, , bytes]) => {
        const answer = await ask('GET', `${path}?ns=${evil}`, { ...acceptAll, ...headers })
        const told = answer.hops.map((hop) => hop.headers.get('location')).join()
        return firstOf(
          whole(answer, bytes),
          wantThat(answer, !told.includes(evil), `no ${evil}`, told),
        )
      })
    },
  },
  {
    id: 'query-not-to-a-bucket',
    ...own,
    asks: 'a blob’s query changes nothing: to a bucket, `?acl` is another request',
    how: '`GET blobs/<digest>?acl`, `?uploads`, `?ns=docker.io`',
    check: ({ ask }) =>
      firstWith(['acl', 'uploads', 'ns=docker.io'], async (query) =>
        whole(await ask('GET', `${blobPath(digest)}?${query}`), blobs.layer.bytes),
      ),
  },
  {
    id: 'credentials-not-passed-on',
    ...own,
    asks: 'a client that sends credentials gets everything all the same',
    how: '`GET` of a blob, a manifest and tags with Authorization, which stays with its host',
    check: ({ ask, lists: name }) =>
      firstWith([...pulls.map(([path]) => path), `/v2/${tagsIn(name)}/tags/list`], async (path) => {
        const authorization = `Basic ${btoa('anyone:anything')}`
        return wantStatus(await ask('GET', path, { ...acceptAll, authorization }), 200)
      }),
  },
  {
    id: 'lists-not-redirected',
    ...inFront,
    asks: 'lists are given here, under the name they were asked by, and lead on to here',
    how: '`GET tags/list?n=2`, `GET referrers/<digest>`: no redirect, no other address in Link',
    check: (subject) =>
      firstWith(lists(subject), async (path) => {
        const answer = await subject.ask('GET', path)
        const next = nextOf(answer)
        const isHere = next === undefined || next.startsWith(`${path.split('?')[0]}?`)
        return firstOf(
          // An upstream without a list of referrers has none to give.
          wantStatus(answer, 200, 404),
          wantSame(answer, 'redirects', answer.hops.length, 0),
          wantThat(answer, isHere, 'a link to here', next),
        )
      }),
  },
  {
    id: 'catalog-refused',
    ...inFront,
    asks: 'there is no catalog: 404',
    how: '`GET /v2/_catalog`',
    async check({ ask }) {
      return wantStatus(await ask('GET', '/v2/_catalog'), 404)
    },
  },
  {
    id: 'errors-everywhere',
    ...inFront,
    asks: 'whatever is asked, an error is the spec’s JSON with one of its codes',
    how: '`GET` of `/`, `/v1/_ping`, `/v2/app`, `//`, and paths with `%2F`, `%5C`, `%00`, `%25` and half an escape',
    check: ({ ask }) =>
      firstWith(hostilePaths, async (path) => {
        const answer = await ask('GET', path)
        return firstOf(
          wantStatus(answer, 404, 400),
          wantHeader(answer, 'content-type', 'application/json'),
          wantListedCode(answer),
        )
      }),
  },
]

export const nearportSection: Section = { title: 'What nearport adds', clauses }

function eachPull(
  { ask }: Subject,
  check: (answer: Answer, digest: string) => Problem,
): Promise<Problem> {
  return firstWith(pulls, async ([path, of, bytes]) => {
    const answer = await ask('GET', path, acceptAll)
    return firstOf(whole(answer, bytes), check(answer, of))
  })
}
