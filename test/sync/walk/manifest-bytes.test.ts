import { expect, test } from 'vitest'
import { digestOf } from '../../../src/sync/content-digest.ts'
import {
  createManifestBytes,
  formOf,
  mirrorableManifest,
} from '../../../src/sync/walk/manifest-bytes.ts'

const [a, b, c] = ['a', 'bb', 'ccc'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]
const digest = digestOf(a)

test('what some mirror lacks is kept, as long as there is room', () => {
  const bytes = createManifestBytes((each) => each !== digestOf(a), 4)
  for (const each of [a, b, b, c]) bytes.keep(digestOf(each), each)
  const kept = [a, b, c].map((each) => bytes.find(digestOf(each))?.toString())
  expect(kept).toEqual([undefined, 'bb', undefined])
})

test('a manifest of which the upstream does not say what it is says so itself', () => {
  const text = Buffer.from('{"manifests":[]}')
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  expect(formOf({ bytes: text, mediaType: '', digest })).toEqual({ sizeBytes: 16, mediaType })
  expect(formOf({ bytes: text, mediaType: 'a/b', digest })).toEqual({
    sizeBytes: 16,
    mediaType: 'a/b',
  })
  expect(formOf({ bytes: a, mediaType: '', digest }).mediaType).toBe('')
})

test.for<[string, string, string, boolean]>([
  ['of a type and a SHA-256', digest, 'a/b+json', true],
  ['of no type', digest, '', false],
  ['that is signed in its own bytes', digest, 'x/y.v1+prettyjws', false],
  ['of another digest', `sha512:${'a'.repeat(128)}`, 'a/b', false],
])('whether a manifest %s can be mirrored', ([, named, mediaType, can]) => {
  expect(mirrorableManifest(named, { sizeBytes: 1, mediaType })).toBe(can ? named : undefined)
})
