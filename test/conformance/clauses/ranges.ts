import type { Answer } from '../ask.ts'
import type { Clause, Problem, Section } from '../clause.ts'
import { blobs } from '../content.ts'
import { firstOf, firstWith, wantBytes, wantHeader, wantStatus, wantThat } from '../want.ts'
import { blobPath } from './blobs.ts'
import { whole } from './manifests.ts'

const { bytes } = blobs.layer
const { digest, size } = blobs.layer.descriptor
const holder = { decides: 'holder' } as const

const clauses: readonly Clause[] = [
  {
    id: 'range-closed',
    ...holder,
    source: 'Pulling blobs; RFC 9110 §14.2',
    level: 'SHOULD',
    asks: 'a range of a blob is answered with 206, Content-Range, and those bytes',
    how: '`Range: bytes=0-0`, `bytes=100-4999`',
    async check({ ask }) {
      return firstOf(
        part(await ask('GET', blobPath(digest), { range: 'bytes=0-0' }), 0, 0),
        part(await ask('GET', blobPath(digest), { range: 'bytes=100-4999' }), 100, 4999),
      )
    },
  },
  {
    id: 'range-open',
    ...holder,
    source: 'Pulling blobs; RFC 9110 §14.1.2',
    level: 'SHOULD',
    asks: 'a range without an end goes to the end, so that a broken pull can be resumed',
    how: '`Range: bytes=5000-`, and from the last byte on',
    async check({ ask }) {
      const last = size - 1
      return firstOf(
        part(await ask('GET', blobPath(digest), { range: 'bytes=5000-' }), 5000, last),
        part(await ask('GET', blobPath(digest), { range: `bytes=${last}-` }), last, last),
      )
    },
  },
  {
    id: 'range-past-the-end',
    ...holder,
    source: 'RFC 9110 §14.1.2',
    level: 'SHOULD',
    asks: 'a range that goes past the end is cut there',
    how: '`Range: bytes=5000-99999999`',
    async check({ ask }) {
      const answer = await ask('GET', blobPath(digest), { range: 'bytes=5000-99999999' })
      return part(answer, 5000, size - 1)
    },
  },
  {
    id: 'range-of-the-end',
    ...holder,
    source: 'RFC 9110 §14.1.2',
    level: 'SHOULD',
    asks: 'a range without a beginning is the last so many bytes',
    how: '`Range: bytes=-5`',
    async check({ ask }) {
      return part(await ask('GET', blobPath(digest), { range: 'bytes=-5' }), size - 5, size - 1)
    },
  },
  {
    id: 'range-beyond',
    ...holder,
    source: 'RFC 9110 §15.5.17',
    level: 'SHOULD',
    asks: 'a range that begins past the end is 416, and tells the blob’s size',
    how: '`Range: bytes=<size>-`, and far beyond it',
    check: ({ ask }) =>
      firstWith([size, size * 10], async (first) => {
        const answer = await ask('GET', blobPath(digest), { range: `bytes=${first}-` })
        return firstOf(
          wantStatus(answer, 416),
          wantHeader(answer, 'content-range', `bytes */${size}`),
        )
      }),
  },
  {
    id: 'range-several',
    ...holder,
    source: 'RFC 9110 §14.2',
    level: 'MAY',
    asks: 'several ranges are answered in parts, by one that says which it is, or with the whole blob',
    how: '`Range: bytes=0-9,100-109`',
    async check({ ask }) {
      const answer = await ask('GET', blobPath(digest), { range: 'bytes=0-9,100-109' })
      if (answer.status === 200) return wantBytes(answer, bytes)
      // A server may send some of what was asked for (RFC 9110 §15.3.7).
      const told = answer.headers.get('content-range') ?? ''
      const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(told) ?? []
      if (first !== undefined) return part(answer, Number(first), Number(last))
      const parts = [bytes.subarray(0, 10), bytes.subarray(100, 110)]
      const areThere = parts.every((each) => answer.body.includes(Buffer.from(each)))
      return firstOf(wantStatus(answer, 206, 200), wantThat(answer, areThere, 'both parts', told))
    },
  },
  {
    id: 'range-unknown-unit',
    ...holder,
    source: 'RFC 9110 §14.2',
    level: 'MUST',
    asks: 'a range in a unit that is not known is ignored: 200, and the whole blob',
    how: '`Range: lines=0-1`',
    async check({ ask }) {
      return whole(await ask('GET', blobPath(digest), { range: 'lines=0-1' }), bytes)
    },
  },
  {
    id: 'range-if-unchanged',
    ...holder,
    source: 'RFC 9110 §13.1.5',
    level: 'MUST',
    asks: 'a range of another version is not wanted: 200, and the whole blob',
    how: '`Range: bytes=0-9` with `If-Range: "another"`',
    async check({ ask }) {
      const headers = { range: 'bytes=0-9', 'if-range': '"another"' }
      return whole(await ask('GET', blobPath(digest), headers), bytes)
    },
  },
]

export const rangeSection: Section = { title: 'Parts of blobs', clauses }

function part(answer: Answer, first: number, last: number): Problem {
  return firstOf(
    wantStatus(answer, 206),
    wantHeader(answer, 'content-range', `bytes ${first}-${last}/${size}`),
    wantHeader(answer, 'content-length', String(last + 1 - first)),
    wantBytes(answer, bytes.subarray(first, last + 1)),
  )
}
