import { expect, test } from 'vitest'
import { decodeChunks } from '../../src/embedded/store-chunked.ts'

test('chunks of any size give the content, and what follows them the trailers', () => {
  const { bytes, trailers } = decode('3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nx-one: 1\r\n\r\n')
  expect(new TextDecoder().decode(bytes)).toBe('abc0123456789')
  expect(trailers).toEqual([['x-one', '1']])
})

test.for<[string, string]>([
  ['no framing', 'plain content'],
  ['no size', 'x\r\nabc\r\n0\r\n\r\n'],
  ['a chunk shorter than its size', '9\r\nabc\r\n'],
  ['a chunk longer than its size', '2\r\nabc\r\n0\r\n\r\n'],
  ['no last chunk', '3\r\nabc\r\n'],
  ['nothing', ''],
])('%s is refused', ([, text]) => {
  expect(() => decode(text)).toThrow('wanted an aws-chunked body')
})

function decode(text: string) {
  return decodeChunks(new TextEncoder().encode(text))
}
