import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import type { KeyTemplate } from '../../src/core/key-template.ts'
import { defaultKeys, parseKeyTemplate } from '../../src/core/key-template.ts'

const hex = `ab${'0'.repeat(62)}`
const registryDriver = 'docker/registry/v2/blobs/{algorithm}/{hex:2}/{hex}/data'

test.for<[string, string, string, string]>([
  [
    'the default is the layout of registry.k8s.io',
    defaultKeys.text,
    `containers/images/sha256:${hex}`,
    'containers/images/sha256:',
  ],
  [
    'a registry’s own storage driver',
    registryDriver,
    `docker/registry/v2/blobs/sha256/ab/${hex}/data`,
    'docker/registry/v2/blobs/sha256/',
  ],
  ['hex alone', '{hex}', hex, ''],
])('%s', ([, text, key, prefix]) => {
  const template = parse(text)
  expect(template.keyOf(digestOfHex(hex))).toBe(key)
  expect(template.prefix).toBe(prefix)
  expect(template.digestOf(key)).toBe(`sha256:${hex}`)
})

test.for<[string, string]>([
  ['a directory that does not match its hex', `docker/registry/v2/blobs/sha256/cd/${hex}/data`],
  ['another file in a blob’s folder', `docker/registry/v2/blobs/sha256/ab/${hex}/link`],
  ['half a digest', `docker/registry/v2/blobs/sha256/ab/${hex.slice(1)}/data`],
  ['nearport’s own marker', 'nearport/mirror.json'],
])('%s is no blob’s key', ([, key]) => {
  expect(parse(registryDriver).digestOf(key)).toBeUndefined()
})

test.for<[string, string, string]>([
  ['without the hex, blobs would share a key', 'blobs/{hex:2}', 'wanted {hex} somewhere'],
  ['unknown words in braces', 'blobs/{digest}/{hex}', 'wanted letters, digits'],
  ['what would need encoding in a URL', 'blobs {hex}', 'wanted letters, digits'],
  ['a slash in front', '/{hex}', 'wanted no empty segment'],
  ['a step up', '../{hex}', 'wanted no empty segment, . or ..'],
  ['nearport’s own folder', 'nearport/{hex}', 'wanted a key outside nearport/'],
])('refused: %s', ([, text, wanted]) => {
  expect(parseKeyTemplate(text)).toContain(wanted)
})

test('every digest comes back from its key', () => {
  const hexes = fc.stringMatching(/^[a-f0-9]{64}$/)
  fc.assert(
    fc.property(hexes, fc.constantFrom(defaultKeys.text, registryDriver), (each, text) => {
      const template = parse(text)
      const digest = digestOfHex(each)
      expect(template.keyOf(digest).startsWith(template.prefix)).toBe(true)
      expect(template.digestOf(template.keyOf(digest))).toBe(digest)
    }),
  )
})

function parse(text: string): KeyTemplate {
  const template = parseKeyTemplate(text)
  if (typeof template === 'string') throw new Error(template)
  return template
}

test.for<[string, string, string]>([
  ['the default', defaultKeys.text, `containers/images/sha256%3A${hex}`],
  ['a registry’s own', registryDriver, `docker/registry/v2/blobs/sha256/ab/${hex}/data`],
  ['colons everywhere', 'a:{hex:2}:{hex}:b', `a%3Aab%3A${hex}%3Ab`],
])('%s as a path that is signed has %3A for each colon of the key', ([, text, path]) => {
  const keys = parseKeyTemplate(text) as KeyTemplate
  expect(keys.pathOf(digestOfHex(hex))).toBe(path)
})
