import { expect, test } from 'vitest'
import { parseRequest } from '../../../src/core/request.ts'
import { createMix } from './soak-mix.ts'

const requests = createMix(20_000, 1000, 'http://127.0.0.1:9000', 1)

test('six of ten requests are for blobs that are held, and every kind has its part', () => {
  const shares = new Map<string, number>()
  for (const { kind } of requests) shares.set(kind, (shares.get(kind) ?? 0) + 100 / requests.length)
  expect(shares.get('blob, held')).toBeCloseTo(60, -1)
  expect(Object.fromEntries([...shares].map(([kind, share]) => [kind, Math.round(share)]))).toEqual(
    expect.objectContaining({ 'blob, in no mirror': 8, manifest: 10, '/v2/': 3, refused: 5 }),
  )
})

test('what is to be refused is, and nothing else', () => {
  for (const { bytes, kind, expected } of requests.slice(0, 2000)) {
    const [method = '', target = ''] = bytes.toString('latin1').split(' ', 2)
    const asked = parseRequest(method, new URL(target, 'http://x').href.slice('http://x'.length))
    expect(asked.kind === 'refusal' ? asked.status : 'pull').toBe(
      kind === 'refused' ? expected.status : 'pull',
    )
  }
})
