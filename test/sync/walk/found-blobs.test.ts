import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../../src/core/digest.ts'
import { createFoundBlobs } from '../../../src/sync/walk/found-blobs.ts'

const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))

test('a blob is there once, with the first four of its repositories and the size first heard of', () => {
  const found = createFoundBlobs()
  for (const name of ['a', 'b', 'a', 'c', 'd', 'e']) found.add(digest(1), 10, name)
  expect([...found]).toEqual([
    { digest: digest(1), sizeBytes: 10, repositories: ['a', 'b', 'c', 'd'] },
  ])
  expect(found.get(digest(2))).toBeUndefined()
  expect(found.disputed()).toEqual([])
})

test('several sizes are disputed until one is settled, and with none the blob is left out', () => {
  const found = createFoundBlobs()
  found.add(digest(1), 10, 'a')
  found.add(digest(1), 11, 'b')
  found.add(digest(1), 11, 'c')
  expect(found.disputed()).toEqual([
    {
      digest: digest(1),
      claims: new Map([
        [10, 'a'],
        [11, 'b'],
      ]),
      repositories: ['a', 'b', 'c'],
    },
  ])
  found.settle(digest(1), 11)
  expect(found.get(digest(1))?.sizeBytes).toBe(11)
  found.settle(digest(1), undefined)
  expect(found.get(digest(1))).toBeUndefined()
  expect([...found]).toEqual([])
})

test('a group has what any of its repositories names, also the fifth and the thousandth', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 30 })), {
        maxLength: 300,
      }),
      (named) => {
        const groups = Array.from(
          { length: 11 },
          (_, group) => (repository: string) => Number(repository) % (group + 2) === 0,
        )
        const found = createFoundBlobs(groups)
        for (const [blob, repository] of named) found.add(digest(blob), blob, String(repository))
        for (const [blob] of named) {
          groups.forEach((isOf, group) => {
            const wanted = named.some(([each, of]) => each === blob && isOf(String(of)))
            expect(found.isInGroup(digest(blob), group)).toBe(wanted)
          })
        }
        expect(found.isInGroup(digest(999), 0)).toBe(false)
        expect([...found].length).toBe(new Set(named.map(([blob]) => blob)).size)
      },
    ),
  )
})

test('a manifest is of its own length and type, whatever is said of it elsewhere', () => {
  const found = createFoundBlobs()
  const form = { sizeBytes: 10, mediaType: 'a/b' }
  found.add(digest(1), 11, 'a')
  expect(found.addManifest(digest(1), form, 'b')).toBe(false)
  expect(found.addManifest(digest(2), { ...form, mediaType: 'c/d' }, 'b')).toBe(true)
  found.add(digest(2), 12, 'c')
  expect([...found]).toEqual([
    { digest: digest(1), sizeBytes: 10, repositories: ['a', 'b'], manifest: 'a/b' },
    { digest: digest(2), sizeBytes: 10, repositories: ['b', 'c'], manifest: 'c/d' },
  ])
  expect(found.disputed()).toEqual([])
})

test('sizes that were disputed before it was seen are so no longer', () => {
  const found = createFoundBlobs()
  for (const sizeBytes of [1, 2]) found.add(digest(1), sizeBytes, 'a')
  found.addManifest(digest(1), { sizeBytes: 3, mediaType: 'a/b' }, 'a')
  expect(found.disputed()).toEqual([])
  expect(found.get(digest(1))?.sizeBytes).toBe(3)
})
