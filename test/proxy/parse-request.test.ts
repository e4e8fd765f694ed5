import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRequest as parseAnywhere } from '../../src/core/request.ts'
import { parseRequest } from '../../src/proxy/parse-request.ts'
import { targetText } from '../core/parts/request-texts.ts'

test('reads whatever comes as it is read anywhere', () => {
  fc.assert(
    fc.property(targetText, (target) => {
      expect(parseRequest('GET', target)).toEqual(parseAnywhere('GET', target))
    }),
    { numRuns: 1000 },
  )
})

test.for([
  ['a letter of two bytes at the end of a digest', `/v2/a/blobs/sha256:${'a'.repeat(63)}\u00e9`],
  ['a letter whose lower byte is a digit', `/v2/a/blobs/sha256:${'a'.repeat(63)}\u0130`],
  [
    'a letter of three bytes in a path too long for it',
    `/v2/${'n'.repeat(255)}/manifests/${'t'.repeat(127)}\u2030`,
  ],
])('%s is no digit and no letter', ([, target]) => {
  expect(parseRequest('GET', target!)).toMatchObject({ kind: 'refusal' })
})
