import { expect, test } from 'vitest'
import { failureText } from '../../src/core/failure-text.ts'

const failed = (cause?: unknown) => new TypeError('fetch failed', { cause })
const ofBothAddresses = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })

test.for<[string, unknown, string]>([
  ['an error without a cause is its message', new Error('no such thing'), 'no such thing'],
  [
    'a cause is told too',
    failed(new Error('other side closed')),
    'fetch failed: other side closed',
  ],
  ['a cause without a message is its code', failed(ofBothAddresses), 'fetch failed: ECONNREFUSED'],
  ['a cause that says nothing is left out', failed(new Error('')), 'fetch failed'],
  ['a cause that is no error is left out', failed('a word'), 'fetch failed'],
  ['what is no error is told as it is', 'a word', 'a word'],
])('%s', ([, error, text]) => {
  expect(failureText(error)).toBe(text)
})
