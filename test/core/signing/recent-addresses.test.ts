import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecentAddresses } from '../../../src/core/signing/recent-addresses.ts'

// Short paths, so that many fall together, and as long as those of blobs.
const path = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.string({ unit: fc.constantFrom('0', 'f'), minLength: 64, maxLength: 66 }),
)

test('whatever is kept, a path has its own address or none', () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 40 }), (paths) => {
      const made = createRecentAddresses()
      for (const each of paths) {
        expect([undefined, `address of ${each}`]).toContain(made.get(each))
        made.set(each, `address of ${each}`)
        expect(made.get(each)).toBe(`address of ${each}`)
      }
    }),
    { numRuns: 300 },
  )
})

test.for([
  ['at the end of the key', (hex: string) => `containers/images/sha256%3A${hex}`],
  ['in a registry’s own layout', (hex: string) => `docker/sha256/${hex.slice(0, 2)}/${hex}/data`],
] as const)('the layers of an image are kept together where their digests are %s', ([, pathOf]) => {
  const made = createRecentAddresses()
  const paths = Array.from({ length: 256 }, (_, at) =>
    pathOf(`${'0'.repeat(50)}${at.toString(16).padStart(2, '0').repeat(7)}`),
  )
  for (const each of paths) made.set(each, each)
  // Of 256 slots each has at most one: the digits that are looked at are those of the digest.
  expect(paths.filter((each) => made.get(each) === each)).toHaveLength(256)
})

test('nothing is kept of the second before', () => {
  const made = createRecentAddresses()
  made.set('a path of some length', 'address')
  made.clear()
  expect(made.get('a path of some length')).toBeUndefined()
})
