import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import {
  areReferrersDue,
  digestOfLedgerLine,
  parseLedgerLine,
  writeLedgerLine,
} from '../../src/core/ledger.ts'

const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map(digestOfHex)
const record = fc.record(
  {
    digest,
    manifests: fc.array(fc.oneof(digest, fc.constant('sha512:abc'))),
    blobs: fc.array(fc.record({ digest, sizeBytes: fc.maxSafeNat() })),
    content: fc.record({ sizeBytes: fc.maxSafeNat(), mediaType: fc.string() }),
    referrers: fc.record({ digests: fc.array(digest), askedAtMs: fc.maxSafeNat() }),
  },
  { requiredKeys: ['digest', 'manifests', 'blobs'] },
)

test('a record is read back as it was written, and its digest is found without reading it', () => {
  fc.assert(
    fc.property(record, (written) => {
      const line = writeLedgerLine(written)
      expect(line).not.toContain('\n')
      expect(parseLedgerLine(line)).toEqual(written)
      expect(digestOfLedgerLine(line)).toBe(written.digest)
    }),
  )
})

const hex = 'a'.repeat(64)
test.for<[string, string]>([
  ['that is cut off', `{"manifest":"sha256:${hex}","manif`],
  ['of null', 'null'],
  ['with no digest', '{"manifests":[],"blobs":[]}'],
  ['with another digest', '{"manifest":"sha256:xyz","manifests":[],"blobs":[]}'],
  ['with numbers for manifests', `{"manifest":"sha256:${hex}","manifests":[1],"blobs":[]}`],
  ['with no blobs', `{"manifest":"sha256:${hex}","manifests":[]}`],
  ['with a blob that is none', `{"manifest":"sha256:${hex}","manifests":[],"blobs":[1]}`],
  ['with a blob of no digest', `{"manifest":"sha256:${hex}","manifests":[],"blobs":[[1,1]]}`],
  [
    'with a blob of half a byte',
    `{"manifest":"sha256:${hex}","manifests":[],"blobs":[["sha256:${hex}",0.5]]}`,
  ],
])('a line %s is no record', ([, line]) => {
  expect(parseLedgerLine(line)).toBeUndefined()
})

test('a record from before mirrors held manifests does not say what it is itself', () => {
  const line = `{"manifest":"sha256:${hex}","manifests":[],"blobs":[]}`
  for (const each of [line, line.replace('}', ',"size":0.5,"type":"a/b"}')]) {
    expect(parseLedgerLine(each)).toEqual({ digest: digestOfHex(hex), manifests: [], blobs: [] })
  }
})

test('a line that does not begin as a record has no digest', () => {
  expect(digestOfLedgerLine('{"nearport":1,"ledger":1}')).toBeUndefined()
  expect(digestOfLedgerLine('{"manifest":"sha256:abc"')).toBeUndefined()
})

test('referrers are due between half of the time and all of it, for each digest at its own', () => {
  const [early, late] = [digestOfHex('0'.repeat(64)), digestOfHex('f'.repeat(64))]
  expect(areReferrersDue(early, 1000, 1000 + 50_000, 100)).toBe(true)
  expect(areReferrersDue(early, 1000, 999 + 50_000, 100)).toBe(false)
  expect(areReferrersDue(late, 1000, 1000 + 100_000, 100)).toBe(true)
  expect(areReferrersDue(late, 1000, 999 + 100_000, 100)).toBe(false)
})
