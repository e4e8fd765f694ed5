import { expect, test } from 'vitest'
import { manifestMediaTypes } from '../../src/core/manifest.ts'
import { accepts, choiceOf, isManifestType, readAccept } from '../../src/core/accept.ts'

const index = 'application/vnd.oci.image.index.v1+json'
const image = 'application/vnd.docker.distribution.manifest.v2+json'

test.for<[string, string | null, string, boolean]>([
  ['a type that is named is taken', index, index, true],
  ['one that is not is not', image, index, false],
  ['without a header anything is', null, 'a/b', true],
  ['a wildcard takes anything', '*/*', 'a/b', true],
  ['also one of applications', `${image}, application/*;q=0.1`, index, true],
  ['weights, case and blanks do not matter', ` ${index.toUpperCase()} ;q=0.5 ,a/b`, index, true],
  ['nor do parameters of what is there', index, `${index}; charset=utf-8`, true],
  ['a weight of nothing is a no', `${index};q=0.000, ${image}`, index, false],
  ['a small one is not', `${index}; q=0.001`, index, true],
  ['of types that nobody knows nothing is said', 'a/b', 'a/b', false],
  ['an empty header takes nothing', '', index, false],
])('%s', ([, header, type, wanted]) => {
  expect(accepts(readAccept(header), type)).toBe(wanted)
})

test('headers that take the same are the same', () => {
  expect(readAccept(`${index},${image}`)).toBe(readAccept(`x/y, ${image};q=0.1,  ${index}`))
  expect(readAccept(index)).not.toBe(readAccept(image))
  // distribution gives whoever sends no Accept another manifest than who takes anything.
  expect(readAccept(null)).not.toBe(readAccept('*/*'))
})

test('types of manifests are known', () => {
  expect([index, `${image}; x=y`, 'application/json'].map(isManifestType)).toEqual([
    true,
    true,
    false,
  ])
})

test('clients of today are given the same under a tag, and others what they take', () => {
  const usual = manifestMediaTypes.slice(0, 4)
  expect(usual.every((type) => /image\.|manifest\.(?:list\.)?v2/.test(type))).toBe(true)
  const containerd = choiceOf(readAccept([...usual, '*/*'].join(', ')))
  const podman = choiceOf(readAccept([...usual, ...manifestMediaTypes].join(', ')))
  expect(containerd).toBe(podman)
  const others = [null, '*/*', image, usual.slice(1).join()].map((each) =>
    choiceOf(readAccept(each)),
  )
  expect(new Set([...others, containerd]).size).toBe(5)
})
