import { createHash, createHmac as nodeHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexOfWords } from '../../../src/core/signing/sha256-hex.ts'
import { createHmac } from '../../../src/core/signing/sha256-hmac.ts'
import { sha256Hex } from '../../../src/core/signing/sha256.ts'

const ascii = (maxLength: number) => fc.string({ unit: 'binary-ascii', maxLength })

function theirs(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

test('hashes text of every length from 0 to 200 as OpenSSL does', () => {
  for (let length = 0; length <= 200; length++) {
    const text = Array.from({ length }, (_, at) => String.fromCharCode((at * 7) % 128)).join('')
    expect([length, sha256Hex(text)]).toEqual([length, theirs(text)])
  }
})

test('hashes any text as OpenSSL does', () => {
  fc.assert(fc.property(ascii(700), (text) => sha256Hex(text) === theirs(text)))
})

test('authenticates any text under any key as OpenSSL does, whatever of it was taken in before', () => {
  fc.assert(
    fc.property(ascii(150), ascii(200), ascii(200), (key, start, rest) => {
      const wanted = nodeHmac('sha256', key)
        .update(start + rest)
        .digest('hex')
      return hexOfWords(createHmac(key, start)(rest)) === wanted
    }),
  )
})

test('a signature is a key in its turn, and a second text has its own', () => {
  const key = nodeHmac('sha256', 'first').update('second').digest()
  const wanted = nodeHmac('sha256', key).update('third').digest('hex')
  const sign = createHmac(createHmac('first')('second'))
  expect([sign('third'), sign('other'), sign('third')].map(hexOfWords)).toEqual([
    wanted,
    nodeHmac('sha256', key).update('other').digest('hex'),
    wanted,
  ])
})
