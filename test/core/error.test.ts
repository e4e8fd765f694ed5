import { expect, test } from 'vitest'
import { errorBody, quote, refuse } from '../../src/core/error.ts'

test('an error is the distribution spec’s body, with its code’s own status or another', () => {
  const refusal = refuse('BLOB_UNKNOWN', 'no such blob')
  expect(refusal.status).toBe(404)
  expect(JSON.parse(errorBody(refusal))).toEqual({
    errors: [{ code: 'BLOB_UNKNOWN', message: 'no such blob' }],
  })
  expect(refuse('UNSUPPORTED', 'too large', 502).status).toBe(502)
})

test.for<[string, string]>([
  ['short', '"short"'],
  ['a "b"', '"a \\"b\\""'],
  ['x'.repeat(65), `"${'x'.repeat(64)}..."`],
])('a client’s own text is quoted, and cut: %s', ([text, quoted]) => {
  expect(quote(text)).toBe(quoted)
})
