import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import type { Listing, WantedBlob, WantedBlobs } from '../../src/core/plan.ts'
import { planSync } from '../../src/core/plan.ts'

const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))
const blob = (n: number, sizeBytes: number, ...repositories: string[]): WantedBlob => ({
  digest: digest(n),
  sizeBytes,
  repositories,
})
const wantedOf = (...blobs: readonly WantedBlob[]): WantedBlobs => ({
  get: (wanted) => blobs.find((each) => each.digest === wanted),
  [Symbol.iterator]: () => blobs[Symbol.iterator](),
})
const mirror = (id: string, listing: Listing, ...wants: number[]) =>
  wants.length === 0
    ? { id, listing }
    : { id, listing, wants: (each: string) => wants.some((n) => digest(n) === each) }

test('a blob that one of two mirrors lacks is copied and not read', () => {
  const plan = planSync(wantedOf(blob(1, 10, 'app')), [
    mirror('a', new Map([[digest(1), 10]])),
    mirror('b', new Map()),
  ])
  expect([...plan.work]).toEqual([
    {
      digest: digest(1),
      sizeBytes: 10,
      repositories: ['app'],
      lacking: ['b'],
      replacing: [],
      having: ['a'],
    },
  ])
  expect(plan.totals).toEqual({
    wantedBlobs: 1,
    wantedBytes: 10,
    upstreamReads: 0,
    upstreamBytes: 0,
    writes: 1,
    writtenBytes: 10,
  })
  expect([...plan.mirrors]).toEqual([
    ['a', { wantedBlobs: 1, wantedBytes: 10, lackedBlobs: 0, lackedBytes: 0 }],
    ['b', { wantedBlobs: 1, wantedBytes: 10, lackedBlobs: 1, lackedBytes: 10 }],
  ])
})

test('an object of another size than the descriptor says is written over', () => {
  const plan = planSync(wantedOf(blob(1, 10, 'app')), [mirror('a', new Map([[digest(1), 9]]))])
  expect([...plan.work]).toMatchObject([{ lacking: ['a'], replacing: ['a'], having: [] }])
  expect(plan.totals).toMatchObject({ upstreamReads: 1, upstreamBytes: 10, writes: 1 })
})

test('a mirror gets what it is to hold, and serves as a source of what it has beside that', () => {
  const plan = planSync(wantedOf(blob(1, 10, 'app'), blob(2, 20, 'app'), blob(3, 30, 'app')), [
    mirror('all', new Map()),
    mirror('some', new Map([[digest(3), 30]]), 1),
    mirror('none', new Map(), 4),
  ])
  expect([...plan.work]).toMatchObject([
    { digest: digest(3), lacking: ['all'], having: ['some'] },
    { digest: digest(2), lacking: ['all'], having: [] },
    { digest: digest(1), lacking: ['all', 'some'], having: [] },
  ])
  expect(plan.totals).toMatchObject({ upstreamReads: 2, upstreamBytes: 30, writes: 4 })
  expect(plan.mirrors.get('some')).toMatchObject({ wantedBlobs: 1, lackedBytes: 10 })
  expect(plan.mirrors.get('none')).toMatchObject({ wantedBlobs: 0, lackedBlobs: 0 })
})

test('what no mirror is to hold is no work', () => {
  const plan = planSync(wantedOf(blob(1, 10, 'app')), [mirror('a', new Map(), 2)])
  expect([...plan.work]).toEqual([])
  expect(plan.totals).toMatchObject({ wantedBlobs: 1, upstreamReads: 0, writes: 0 })
})

test('with what it plans done, there is nothing left to plan, and the largest is done first', () => {
  const listing = fc.dictionary(
    fc.integer({ min: 0, max: 9 }).map(String),
    fc.integer({ min: 0, max: 3 }),
  )
  fc.assert(
    fc.property(listing, fc.array(listing, { maxLength: 4 }), (wanted, mirrors) => {
      const asMap = (each: Record<string, number>) =>
        new Map(Object.entries(each).map(([n, size]) => [digest(Number(n)), size]))
      const blobs = wantedOf(
        ...Object.entries(wanted).map(([n, size]) => blob(Number(n), size, 'app')),
      )
      const listings = new Map(mirrors.map((each, at) => [`mirror${at}`, asMap(each)]))
      const planned = [...listings].map(([id, each]) => ({ id, listing: each }))

      const plan = planSync(blobs, planned)
      const work = [...plan.work]
      expect(work.map(({ sizeBytes }) => sizeBytes)).toEqual(
        work.map(({ sizeBytes }) => sizeBytes).toSorted((a, b) => b - a),
      )
      for (const { digest: each, sizeBytes, lacking, replacing, having } of work) {
        for (const id of having) expect(listings.get(id)!.get(each)).toBe(sizeBytes)
        for (const id of lacking) {
          expect(listings.get(id)!.has(each)).toBe(replacing.includes(id))
          listings.get(id)!.set(each, sizeBytes)
        }
      }
      const after = planSync(blobs, planned)
      expect([...after.work]).toEqual([])
      expect(after.totals).toMatchObject({ writes: 0, upstreamReads: 0 })
    }),
  )
})
