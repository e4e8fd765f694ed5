import type { Answer } from '../ask.ts'
import type { Clause, Problem, Section, Subject } from '../clause.ts'
import { missing } from '../content.ts'
import { tags, tagsIn } from '../content-lists.ts'
import { wantListedCode } from '../error-form.ts'
import { type TagList, nextOf, tagsOn, walkPages } from '../pages.ts'
import { firstOf, firstWith, jsonOf, mediaTypeOf, wantSame, wantStatus, wantThat } from '../want.ts'

const listing = { source: 'Listing Tags', decides: 'upstream' } as const

const clauses: readonly Clause[] = [
  {
    id: 'tags-list',
    ...listing,
    level: 'MUST',
    asks: 'the list is JSON with the repository’s name, as it was asked for, and its tags',
    how: '`GET tags/list`',
    async check(subject) {
      const answer = await list(subject)
      const { name } = Object(jsonOf(answer)) as TagList
      return firstOf(
        wantStatus(answer, 200),
        wantSame(answer, 'content-type', mediaTypeOf(answer), 'application/json'),
        wantSame(answer, 'name', name, tagsIn(subject.lists)),
        wantThat(answer, (tagsOn(answer)?.length ?? 0) > 0, 'tags', answer.body.toString()),
      )
    },
  },
  {
    id: 'tags-all',
    ...listing,
    level: 'MUST',
    asks: 'followed from Link to Link, it has every tag once',
    how: '`GET tags/list`, `?n=2`, `?n=3`, each to its end',
    check: ({ ask, lists }) =>
      firstWith(['', '?n=2', '?n=3'], async (query) => {
        const pages = await walkPages(ask, `/v2/${tagsIn(lists)}/tags/list${query}`)
        const got = pages.flatMap((page) => tagsOn(page) ?? [])
        return wantSame(pages[0]!, 'tags', got.toSorted(), tags.toSorted())
      }),
  },
  {
    id: 'tags-order',
    ...listing,
    level: 'MUST',
    asks: 'tags are in lexical order: by character, or without regard to case',
    how: '`GET tags/list` to its end',
    async check(subject) {
      const all = await listAll(subject)
      const answer = await list(subject)
      const orders = [
        all.toSorted(),
        all.toSorted((a, b) => compare(a.toLowerCase(), b.toLowerCase())),
      ]
      const isSorted = orders.some((order) => order.join() === all.join())
      return wantThat(answer, isSorted, 'tags in order', all)
    },
  },
  {
    id: 'tags-n',
    ...listing,
    level: 'MUST',
    asks: 'a list of so many has so many, the first; or fewer, and a Link to the rest',
    how: '`GET tags/list?n=2`, `?n=100`',
    async check(subject) {
      const all = await listAll(subject)
      return firstOf(
        upTo(await list(subject, '?n=2'), 2, all),
        upTo(await list(subject, '?n=100'), 100, all),
      )
    },
  },
  {
    id: 'tags-n-zero',
    ...listing,
    level: 'MUST',
    asks: 'a list of none is empty, and has no Link',
    how: '`GET tags/list?n=0`',
    async check(subject) {
      const answer = await list(subject, '?n=0')
      return firstOf(
        wantStatus(answer, 200),
        wantSame(answer, 'tags', tagsOn(answer), []),
        wantSame(answer, 'link', nextOf(answer), undefined),
      )
    },
  },
  {
    id: 'tags-last',
    ...listing,
    level: 'MUST',
    asks: 'a list after a tag begins with the next one; after the last one it is empty',
    how: '`GET tags/list?last=<tag>` after each',
    async check(subject) {
      const all = await listAll(subject)
      return firstWith([...all.entries()], async ([at, tag]) => {
        const answer = await list(subject, `?last=${tag}`)
        return upTo(answer, all.length, all.slice(at + 1))
      })
    },
  },
  {
    id: 'tags-n-last',
    ...listing,
    level: 'MUST',
    asks: 'so many after a tag are the so many after it',
    how: '`GET tags/list?n=2&last=<tag>` after the first, and after the last but one',
    async check(subject) {
      const all = await listAll(subject)
      return firstWith([0, all.length - 2], async (at) =>
        upTo(await list(subject, `?n=2&last=${all[at]}`), 2, all.slice(at + 1)),
      )
    },
  },
  {
    id: 'tags-n-no-number',
    source: 'Error Codes',
    decides: 'nearport',
    level: 'MUST',
    asks: 'a number that is none is ignored, or an error with one of the table’s codes',
    how: '`GET tags/list?n=many`',
    async check(subject) {
      const answer = await list(subject, '?n=many')
      if (answer.status === 200) return undefined
      return firstOf(wantStatus(answer, 400), wantListedCode(answer))
    },
  },
  {
    id: 'tags-missing-repository',
    source: 'Endpoints (end-8a)',
    decides: 'upstream',
    level: 'MUST',
    asks: 'a repository that is not there has no list: 404',
    how: '`GET tags/list` there',
    async check({ ask }) {
      return wantStatus(await ask('GET', `/v2/${missing.repository}/tags/list`), 404)
    },
  },
]

export const tagSection: Section = { title: 'Listing tags', clauses }

function list({ ask, lists }: Subject, query = ''): Promise<Answer> {
  return ask('GET', `/v2/${tagsIn(lists)}/tags/list${query}`)
}

/** Every tag, in the registry's own order. Throws when some are not there. */
async function listAll({ ask, lists }: Subject): Promise<readonly string[]> {
  const pages = await walkPages(ask, `/v2/${tagsIn(lists)}/tags/list`)
  const all = pages.flatMap((page) => tagsOn(page) ?? [])
  if (all.length === tags.length) return all
  throw new Error(`wanted ${tags.length} tags, got ${JSON.stringify(all)}`)
}

/** The first `n` of `rest`, or fewer where a Link leads on. */
function upTo(answer: Answer, n: number, rest: readonly string[]): Problem {
  const got = tagsOn(answer)
  const wanted = rest.slice(0, n)
  // An empty page could lead on for ever.
  const isCut = got !== undefined && got.length > 0 && nextOf(answer) !== undefined
  return firstOf(
    wantStatus(answer, 200),
    wantSame(answer, 'tags', got, isCut ? wanted.slice(0, got.length) : wanted),
  )
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
