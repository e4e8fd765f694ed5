import { expect, test } from 'vitest'
import { encodePath } from '../../../src/core/signing/presign-encoding.ts'
import { askMirror } from '../../../src/proxy/mirror-watch/ask.ts'
import { createSentBlobs } from '../../../src/proxy/mirror-watch/blobs.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { blobDigest, mirrorOf } from '../../core/world.ts'

const mirror = mirrorOf('aws/eu-west-1')
const blob = `https://aws-eu-west-1.mirrors.example/containers/images/${blobDigest}`

/** Asks, and says what came; an answer takes so many milliseconds of its own clock. */
async function ask(answer: () => Response | Promise<Response>, tookMs = 0, of = mirror) {
  let nowMs = 0
  const asked: (readonly [string, RequestInit | undefined])[] = []
  const { kind, problem } = await askMirror(of, blobDigest, {
    async fetch(url, init) {
      asked.push([url as string, init])
      const given = await Promise.race([answer(), aborted(init!.signal!)])
      nowMs += tookMs
      return given
    },
    timeoutMs: 20,
    slowMs: 10,
    elapsedMs: () => nowMs,
  })
  return { told: `${kind} ${problem}`.trim(), asked }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

const status = (code: number, body: string | null = 'x') => new Response(body, { status: code })

test.for<[name: string, answer: () => Response | Promise<Response>, tookMs: number, told: string]>([
  ['its first byte in time is good', () => status(206), 9, 'good'],
  ['all of it is good, too', () => status(200, 'x'.repeat(9999)), 0, 'good'],
  ['so is an empty blob, which has no first byte', () => status(416, null), 0, 'good'],
  ['later than it should it is slow', () => status(206), 10, 'slow took 10 ms'],
  ['a no is told apart', () => status(404), 0, 'missing answered 404'],
  ['so is S3’s no', () => status(403), 0, 'missing answered 403'],
  ['a late no is a no', () => status(403), 10, 'missing answered 403'],
  ['a server’s error is a failure', () => status(503), 0, 'failed answered 503'],
  [
    'so is a second hop',
    () => Response.redirect('https://x.example', 307),
    0,
    'failed answered 307',
  ],
  ['no answer is one', () => new Promise(() => {}), 0, 'failed no answer in 20 ms'],
])('%s', async ([, answer, tookMs, expected]) => {
  expect((await ask(answer, tookMs)).told).toBe(expected)
})

test('no connection is a failure, told by its code, as a message may have the address', async () => {
  const refused = () => {
    const cause = Object.assign(new Error('connect to a.example?X-Amz-Signature=1'), { code: 'EX' })
    return Promise.reject(new TypeError('fetch failed', { cause }))
  }
  expect((await ask(refused)).told).toBe('failed no answer: EX')
  expect((await ask(() => Promise.reject(new TypeError('for a.example')))).told).toBe(
    'failed no answer: TypeError',
  )
})

test('a body that breaks before its first byte is a failure', async () => {
  const broken = () => {
    const body = new ReadableStream({
      start: (controller) => controller.error(new TypeError('terminated')),
    })
    return new Response(body, { status: 206 })
  }
  expect((await ask(broken)).told).toBe('failed no answer: TypeError')
})

test('a blob is asked for as clients are sent to it, by its first byte alone', async () => {
  const { asked } = await ask(() => status(206))
  const headers = { range: 'bytes=0-0', 'user-agent': 'nearport-health' }
  expect(asked).toMatchObject([[blob, { redirect: 'manual', headers }]])
})

test('of a private mirror it is the signed address', async () => {
  const sign = (method: string, path: string) => `https://signed.example/${method}/${path}`
  const signer = { isReady: () => true, sign, hear: () => {} }
  const { asked } = await ask(() => status(206), 0, { ...mirror, signer })
  const path = encodePath(`containers/images/${blobDigest}`)
  expect(asked[0]![0]).toBe(`https://signed.example/GET/${path}`)
})

const digestEnding = (end: string) => `sha256:${'0'.repeat(64 - end.length)}${end}` as Digest

test('of blobs that clients were sent for sixteen are known, all different', () => {
  const { add, all } = createSentBlobs()
  const digits = '0123456789abcdef'.split('')
  for (const digit of digits) add(digestEnding(`1${digit}`))
  expect(all()).toEqual(digits.map((digit) => digestEnding(`1${digit}`)))
  for (let time = 0; time < 100; time++) add(digestEnding('2f'))
  expect(all().length).toBe(16)
  expect(all().at(-1)).toBe(digestEnding('2f'))
})

test('one that is lost is forgotten, unless another has its place', () => {
  const { add, remove, all } = createSentBlobs()
  add(digestEnding('1a'))
  remove(digestEnding('2a'))
  expect(all()).toEqual([digestEnding('1a')])
  remove(digestEnding('1a'))
  expect(all()).toEqual([])
})
