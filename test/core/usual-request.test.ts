import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fingerprint } from '../../src/core/digest.ts'
import type { RegistryRequest } from '../../src/core/request.ts'
import { parseRequest } from '../../src/core/request.ts'
import { parseByGrammar } from './parts/request-by-grammar.ts'
import { sha256Text, targetText } from './parts/request-texts.ts'

test('reads whatever comes as the grammars of the specs do', () => {
  const seen: Record<string, number> = {}
  fc.assert(
    fc.property(fc.constantFrom('GET', 'HEAD'), targetText, (method, target) => {
      const wanted = parseByGrammar(method, target)
      seen[wanted.kind] = (seen[wanted.kind] ?? 0) + 1
      expectSame(parseRequest(method, target), wanted)
    }),
    { numRuns: 3000 },
  )
  // Of each kind there were enough to mean something.
  for (const kind of ['blob', 'manifest', 'tags', 'referrers', 'refusal']) {
    expect(seen[kind], kind).toBeGreaterThan(10)
  }
})

test.for([255, 256])('a name of %i characters is read as the grammar has it', (length) => {
  for (const rest of [`blobs/sha256:${'a'.repeat(64)}`, `manifests/${'t'.repeat(128)}`]) {
    const target = `/v2/${'n'.repeat(length)}/${rest}`
    expect(parseRequest('GET', target)).toEqual(parseByGrammar('GET', target))
  }
})

test('every character is taken or refused at every place as the grammars have it', () => {
  const digest = `sha256:${'5'.repeat(64)}`
  for (const target of [
    `/v2/a/b/blobs/${digest}`,
    '/v2/a/b/manifests/tag',
    `/v2/a/manifests/${digest}`,
  ]) {
    // One place in each word of four, and all around the words that are fixed.
    for (let at = 0; at < target.length; at += at < target.length - 60 ? 1 : 7) {
      for (let code = 0; code < 400; code++) {
        const changed = target.slice(0, at) + String.fromCharCode(code) + target.slice(at + 1)
        expectSame(parseRequest('GET', changed), parseByGrammar('GET', changed))
      }
    }
  }
})

test('leaves the first eight bytes of the digest that it read', () => {
  fc.assert(
    fc.property(sha256Text, fc.constantFrom('blobs', 'manifests'), (digest, verb) => {
      parseRequest('GET', `/v2/app/${verb}/${digest}`)
      const words = [digest.slice(7, 15), digest.slice(15, 23)]
      expect([...fingerprint]).toEqual(words.map((hex) => Number.parseInt(hex, 16)))
    }),
    { numRuns: 200 },
  )
})

/** A comparison of Vitest takes a hundred times as long as the reading, so one is made where texts differ. */
function expectSame(got: RegistryRequest, wanted: RegistryRequest): void {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) expect(got).toEqual(wanted)
}
