import type { Clause, Section, Subject } from '../clause.ts'
import { blobs, image, repository } from '../content.ts'
import { wantCode } from '../error-form.ts'
import { firstOf, firstWith, wantStatus, wantThat } from '../want.ts'
import { blobPath } from './blobs.ts'
import { manifestPath } from './manifests.ts'

const { digest } = blobs.layer.descriptor
const upload = `/v2/${repository}/blobs/uploads/`
const pushes: readonly (readonly [method: string, path: string])[] = [
  ['POST', upload],
  ['POST', `${upload}?digest=${digest}`],
  ['POST', `${upload}?mount=${digest}&from=${repository}`],
  ['PATCH', `${upload}1`],
  ['PUT', `${upload}1?digest=${digest}`],
  ['PUT', manifestPath('1.0')],
]
const deletions: readonly (readonly [method: string, path: string])[] = [
  ['DELETE', manifestPath('1.0')],
  ['DELETE', manifestPath(image.descriptor.digest)],
  ['DELETE', blobPath(digest)],
]

// A registry that is pushed to would do what it is asked.
const appliesTo = ({ takesPushes }: Subject) => !takesPushes

const clauses: readonly Clause[] = [
  {
    id: 'push-refused',
    source: 'Endpoints (end-4a to 7, 11)',
    decides: 'nearport',
    level: 'clients',
    asks: 'a push is refused with 405 and UNSUPPORTED, so that a client says why it cannot',
    how: '`POST` and `PATCH` of uploads, `PUT` of an upload and of a manifest',
    appliesTo,
    check: ({ ask }) =>
      firstWith(pushes, async ([method, path]) => {
        const answer = await ask(method, path, { 'content-length': '0' })
        return firstOf(wantStatus(answer, 405), wantCode(answer, 'UNSUPPORTED'))
      }),
  },
  {
    id: 'deletion-refused',
    source: 'Content Management',
    decides: 'nearport',
    level: 'MUST',
    asks: 'where deletion is disabled it is refused with 400 or 405',
    how: '`DELETE` of a tag, a manifest and a blob',
    appliesTo,
    check: ({ ask }) =>
      firstWith(deletions, async ([method, path]) => {
        const answer = await ask(method, path)
        return firstOf(wantStatus(answer, 405, 400), wantCode(answer, 'UNSUPPORTED'))
      }),
  },
  {
    id: 'methods-allowed',
    source: 'RFC 9110 §15.5.6',
    decides: 'nearport',
    level: 'MUST',
    asks: 'a 405 says in Allow what is allowed: GET and HEAD',
    how: 'the same requests, and `OPTIONS /v2/`',
    appliesTo,
    check: ({ ask }) =>
      firstWith([...pushes, ...deletions, ['OPTIONS', '/v2/'] as const], async ([method, path]) => {
        const answer = await ask(method, path)
        const allow = answer.headers.get('allow') ?? ''
        const methods = allow.split(',').map((each) => each.trim())
        const areTold = methods.toSorted().join() === 'GET,HEAD'
        return firstOf(wantStatus(answer, 405), wantThat(answer, areTold, 'GET, HEAD', allow))
      }),
  },
  {
    id: 'uploads-unknown',
    source: 'Endpoints (end-13)',
    decides: 'nearport',
    level: 'MUST',
    asks: 'no upload is under way: 404',
    how: '`GET blobs/uploads/1`',
    appliesTo,
    async check({ ask }) {
      return wantStatus(await ask('GET', `${upload}1`), 404)
    },
  },
]

export const pullOnlySection: Section = { title: 'What only pulls', clauses }
