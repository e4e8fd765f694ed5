import { expect, test } from 'vitest'
import type { AuditQuestion } from '../../src/core/audit.ts'
import { auditListing } from '../../src/core/audit.ts'
import { openIndex } from '../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import type { Digest } from '../../src/core/digest.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import type { WantedBlobs } from '../../src/core/plan.ts'

const digest = (n: number) => digestOfHex(n.toString(16).padStart(16, '0').padEnd(64, 'a'))
const sizes = (...pairs: readonly (readonly [number, number])[]) =>
  new Map(pairs.map(([n, size]) => [digest(n), size] as const))

function wantedOf(...pairs: readonly (readonly [number, number])[]): WantedBlobs {
  const blobs = pairs.map(([n, sizeBytes]) => ({ digest: digest(n), sizeBytes, repositories: [] }))
  return {
    get: (each) => blobs.find((blob) => blob.digest === each),
    [Symbol.iterator]: () => blobs[Symbol.iterator](),
  }
}

/** An index of one other mirror and this one, which is second and holds these. */
function indexed(...pairs: readonly (readonly [number, number])[]): AuditQuestion['indexed'] {
  const mirrors = ['a', 'b'].map((id) => ({ id, url: '' }))
  const rows = pairs.map(([n, sizeBytes]) => ({ digest: digest(n), sizeBytes, mirrors: [1] }))
  const other = { digest: digest(99), sizeBytes: 9, mirrors: [0] }
  const hash = new Uint8Array(32)
  const bytes = writeIndex({ generation: 1, mirrors, rows: [...rows, other] })
  return { index: openIndex(sealIndex(bytes, hash), hash), mirror: 1 }
}

function audit(question: Partial<AuditQuestion>) {
  const nothing = { listing: new Map(), wanted: undefined, indexed: undefined }
  return [...auditListing({ ...nothing, isApart: () => false, ...question })]
}

test('a mirror that has what it should, and is indexed so, gives nothing to say', () => {
  expect(
    audit({ listing: sizes([1, 10]), wanted: wantedOf([1, 10]), indexed: indexed([1, 10]) }),
  ).toEqual([])
})

test('what is wanted and not there is missing, unless this mirror is not to hold it', () => {
  const wants = (each: Digest) => each !== digest(2)
  expect(audit({ wanted: wantedOf([1, 10], [2, 20]), wants })).toEqual([
    { kind: 'missing', digest: digest(1), wantedBytes: 10 },
  ])
})

test('another size is wrong, for the manifests and for the index', () => {
  expect(
    audit({ listing: sizes([1, 9]), wanted: wantedOf([1, 10]), indexed: indexed([1, 10]) }),
  ).toEqual([
    { kind: 'wrong-size', digest: digest(1), wantedBytes: 10, gotBytes: 9 },
    { kind: 'indexed-not-there', digest: digest(1), wantedBytes: 10, gotBytes: 9 },
  ])
})

test('what the index has and the mirror has not is found even if nobody wants it', () => {
  expect(audit({ indexed: indexed([1, 10]) })).toEqual([
    { kind: 'indexed-not-there', digest: 'sha256:0000000000000001…', wantedBytes: 10 },
  ])
})

test('what is there and not indexed, or wanted by nobody, is only to be known', () => {
  expect(audit({ listing: sizes([1, 10]), wanted: wantedOf(), indexed: indexed() })).toEqual([
    { kind: 'not-indexed', digest: digest(1), gotBytes: 10 },
    { kind: 'extra', digest: digest(1), gotBytes: 10 },
  ])
})

test('a walk that was not complete says of nothing that nobody wants it', () => {
  expect(audit({ listing: sizes([1, 10]), indexed: indexed([1, 10]) })).toEqual([])
})

test('what is kept apart on purpose is neither extra nor to be indexed', () => {
  expect(audit({ listing: sizes([1, 10]), wanted: wantedOf(), isApart: () => true })).toEqual([])
})
