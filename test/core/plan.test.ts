import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import type { WantedBlob } from '../../src/core/plan.ts'
import { largestBlobBytes, planSync } from '../../src/core/plan.ts'

const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))
const blob = (n: number, sizeBytes: number, ...repositories: string[]): WantedBlob => ({
  digest: digest(n),
  sizeBytes,
  repositories,
})

test('a blob that one of two mirrors lacks is copied and not read', () => {
  const listings = new Map([
    ['a', new Map([[digest(1), 10]])],
    ['b', new Map()],
  ])
  expect(planSync([blob(1, 10, 'app')], listings)).toEqual({
    work: [
      { digest: digest(1), sizeBytes: 10, repositories: ['app'], lacking: ['b'], having: ['a'] },
    ],
    tooLarge: [],
    totals: {
      wantedBlobs: 1,
      wantedBytes: 10,
      upstreamReads: 0,
      upstreamBytes: 0,
      writes: 1,
      writtenBytes: 10,
    },
  })
})

test('an object of another size than the descriptor says is written over', () => {
  const { work, totals } = planSync(
    [blob(1, 10, 'app')],
    new Map([['a', new Map([[digest(1), 9]])]]),
  )
  expect(work).toMatchObject([{ lacking: ['a'], having: [] }])
  expect(totals).toMatchObject({ upstreamReads: 1, upstreamBytes: 10, writes: 1 })
})

test('a blob of 5 GiB is stored, one byte more is not, and what is there stays', () => {
  const [exact, larger, there] = [
    blob(1, largestBlobBytes, 'app'),
    blob(2, largestBlobBytes + 1, 'app'),
    blob(3, largestBlobBytes + 1, 'app'),
  ]
  const listings = new Map([['a', new Map([[there.digest, there.sizeBytes]])]])
  const plan = planSync([exact, larger, there], listings)
  expect(plan.work.map((each) => each.digest)).toEqual([exact.digest])
  expect(plan.tooLarge).toEqual([larger])
})

test('with what it plans done, there is nothing left to plan', () => {
  const listing = fc.dictionary(
    fc.integer({ min: 0, max: 9 }).map(String),
    fc.integer({ min: 0, max: 3 }),
  )
  fc.assert(
    fc.property(listing, fc.array(listing, { maxLength: 4 }), (wanted, mirrors) => {
      const asMap = (each: Record<string, number>) =>
        new Map(Object.entries(each).map(([n, size]) => [digest(Number(n)), size]))
      const blobs = [...asMap(wanted)].map(([each, sizeBytes]) => ({
        digest: each,
        sizeBytes,
        repositories: ['app'],
      }))
      const listings = new Map(mirrors.map((each, at) => [`mirror${at}`, asMap(each)]))

      const plan = planSync(blobs, listings)
      for (const { digest: each, sizeBytes, lacking, having } of plan.work) {
        for (const id of having) expect(listings.get(id)!.get(each)).toBe(sizeBytes)
        for (const id of lacking) listings.get(id)!.set(each, sizeBytes)
      }
      expect(planSync(blobs, listings)).toMatchObject({ work: [], totals: { writes: 0 } })
    }),
  )
})
