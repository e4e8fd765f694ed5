import { afterAll, expect, test } from 'vitest'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import type { Ask } from './asks.ts'
import { askRaw } from './raw-load.ts'

const asked = new Map<string, number>()
const served = await serveEmbedded(({ method, url, headers }) => {
  const key = `${method} ${new URL(url).pathname} ${headers.get('x-forwarded-for')}`
  asked.set(key, (asked.get(key) ?? 0) + 1)
  const length = { 'content-length': '1000000' }
  return Promise.resolve(
    method === 'HEAD'
      ? new Response(null, { headers: length })
      : Response.json({ errors: [] }, { status: 404, headers: { 'content-length': '13' } }),
  )
})
afterAll(served.close)

const load = { port: served.port, connections: 3, seconds: 0.02 }
const ask = (method: Ask['method'], path: string): Ask => ({ method, path, address: '192.0.2.1' })

test('an answer to HEAD is whole without the body whose length it says', async () => {
  const answers = await askRaw({
    ...load,
    asks: [ask('HEAD', '/a'), ask('HEAD', '/b')],
    status: 200,
  })
  expect(answers).toBeGreaterThan(2)
  const [a, b] = [asked.get('HEAD /a 192.0.2.1')!, asked.get('HEAD /b 192.0.2.1')!]
  expect(a + b).toBe(answers)
  expect(Math.min(a, b)).toBeGreaterThan(0)
})

test('an answer with a body is counted once, and each is read to its end', async () => {
  const answers = await askRaw({ ...load, asks: [ask('GET', '/c')], status: 404 })
  expect(asked.get('GET /c 192.0.2.1')).toBe(answers)
})

test('another status than was wanted ends the load', async () => {
  const wrong = askRaw({ ...load, asks: [ask('GET', '/d')], status: 307 })
  await expect(wrong).rejects.toThrow('wanted 307 for /d, got:\nHTTP/1.1 404')
})
