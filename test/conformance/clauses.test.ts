import { beforeAll, describe, expect, test } from 'vitest'
import { push } from '../../src/embedded/images.ts'
import type { Handler } from '../../src/embedded/observe.ts'
import type { Registry } from '../../src/embedded/registry.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createAsk } from './ask.ts'
import type { Subject } from './clause.ts'
import { judge } from './clause.ts'
import { columns } from './columns.ts'
import { listNames } from './configuration.ts'
import { missing, placements } from './content.ts'
import { knownFailures } from './known-failures.ts'
import { clauses } from './sections.ts'

type Fault = (given: Handler) => Handler

// That the checks find what they are there to find.
let registry: Registry
let honest: readonly string[]
beforeAll(async () => {
  registry = createRegistry({ pageLimit: 4 })
  for (const { repository, image, tags } of placements(listNames.registry)) {
    push(registry, repository, image, ...tags)
  }
  honest = await passedBy(registry.fetch)
}, 60_000)

test('a check’s name is its own', () => {
  const ids = clauses.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('what is known to fail is of a check, and in a column, that there is', () => {
  const ids = clauses.map(({ id }) => id)
  expect(ids).toEqual(expect.arrayContaining(knownFailures.flatMap((known) => known.clauses)))
  const names = columns.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(knownFailures.flatMap((known) => known.columns)))
})

test.for<['registry' | 'redirect']>([['registry'], ['redirect']])(
  'who answers 500 to everything passes no check of a %s',
  async ([kind]) => {
    const passed = await passedBy(async () => new Response('{}', { status: 500 }), kind)
    expect(passed).toEqual([])
  },
)

describe('a registry is found out that', () => {
  test.for<[fault: string, Fault, unmet: string]>([
    [
      'tells no digest',
      altered((headers) => headers.delete('docker-content-digest')),
      `manifest-digest-given blob-digest-given manifest-exists-digest blob-exists-digest`,
    ],
    [
      'tells another digest',
      altered((headers) => headers.set('docker-content-digest', missing.digest)),
      `manifest-digest-given manifest-digest-true blob-digest-given blob-digest-true
       manifest-exists-digest blob-exists-digest`,
    ],
    [
      'has parameters in its types',
      altered((headers) => headers.set('content-type', `${headers.get('content-type')}; v=1`)),
      `manifest-type-bare manifest-type-agrees manifest-exists-type referrers-type`,
    ],
    [
      'takes an Accept of anything for one of nothing',
      asked((headers) => {
        const accept = headers.get('accept') ?? '*/*'
        headers.set('accept', accept === '*/*' ? 'text/plain' : accept)
      }),
      `manifest-accept-any`,
    ],
    [
      'knows no ranges',
      asked((headers) => headers.delete('range')),
      `range-closed range-open range-past-the-end range-of-the-end range-beyond`,
    ],
    [
      'does not ask what a range is of',
      asked((headers) => headers.delete('if-range')),
      `range-if-unchanged`,
    ],
    [
      'does not read queries',
      (given) => (request) => given(new Request(request.url.split('?')[0]!, request)),
      `tags-all tags-order tags-n tags-n-zero tags-last tags-n-last
       referrers-all referrers-artifact-type referrers-annotations referrers-filter
       referrers-none referrers-tag-schema`,
    ],
    [
      'loses Link',
      altered((headers) => headers.delete('link')),
      `tags-all tags-order tags-n tags-last tags-n-last
       referrers-all referrers-artifact-type referrers-annotations referrers-tag-schema`,
    ],
    [
      'links back to the page it is on',
      altered((headers, { url }) => headers.set('link', `<${url}>; rel="next"`)),
      `tags-all tags-order tags-n tags-n-zero tags-last tags-n-last
       referrers-all referrers-artifact-type referrers-annotations referrers-tag-schema`,
    ],
    [
      'says 403 where it is 404',
      altered(() => {}, 404, 403),
      `manifest-missing manifest-reference-neither manifest-digest-malformed
       blob-missing blob-of-another-repository blob-digest-sha512 blob-digest-unregistered
       manifest-exists-not blob-exists-not tags-missing-repository uploads-unknown`,
    ],
    ['says 404 where it is 400', altered(() => {}, 400, 404), `referrers-digest-malformed`],
    [
      'says what is wrong in plain text',
      altered((headers, { status }) => status >= 400 && headers.set('content-type', 'text/plain')),
      `error-manifest-unknown error-blob-unknown error-name-unknown error-name-invalid
       error-digest-invalid push-refused deletion-refused`,
    ],
    [
      'challenges everyone',
      altered((headers) => headers.set('www-authenticate', 'Basic')),
      `version-open`,
    ],
    [
      'tells no filter',
      altered((headers) => headers.delete('oci-filters-applied')),
      `referrers-filter-told`,
    ],
    ['tells no methods', altered((headers) => headers.delete('allow')), `methods-allowed`],
  ])('%s', async ([, fault, unmet]) => {
    const passed = await passedBy(fault(registry.fetch))
    expect(honest.filter((id) => !passed.includes(id))).toEqual(unmet.split(/\s+/))
  })
})

/** The checks that a handler passes. */
async function passedBy(
  handler: Handler,
  kind: Subject['kind'] = 'registry',
): Promise<readonly string[]> {
  const served = await serveEmbedded(handler)
  const ask = createAsk(served.url)
  const subject = { ask, kind, takesPushes: false, lists: listNames.registry }
  const passed: string[] = []
  for (const clause of clauses) {
    if ((await judge(clause, subject)).kind === 'pass') passed.push(clause.id)
  }
  await served.close()
  return passed
}

/** Answers with other headers, and with `to` where it would say `from`. */
function altered(
  change: (headers: Headers, answer: { readonly url: string; readonly status: number }) => unknown,
  from = 0,
  to = 0,
): Fault {
  return (given) => async (request) => {
    const { status, body, headers: told } = await given(request)
    const headers = new Headers(told)
    change(headers, { url: request.url, status })
    return new Response(body, { status: status === from ? to : status, headers })
  }
}

/** Hears other headers than those that were sent. */
function asked(change: (headers: Headers) => void): Fault {
  return (given) => (request) => {
    const headers = new Headers(request.headers)
    change(headers)
    return given(new Request(request.url, { method: request.method, headers }))
  }
}
