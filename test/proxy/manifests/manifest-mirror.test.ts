import { expect, test } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import { createManifestMirror } from '../../../src/proxy/manifests/mirror.ts'
import { mirrorOf } from '../../core/world.ts'
import { digest, image, mediaType, text } from './manifest-world.ts'
import { stubFetch } from '../relay/relay-world.ts'

const mirror = mirrorOf('aws/eu-west-1')
const url = `https://aws-eu-west-1.mirrors.example/containers/images/${digest}`
const config = image.blobs[0]!
const octets = 'application/octet-stream'

function read(answer: () => Response | Promise<Response>, wanted: string = digest) {
  const { fetch, sent } = stubFetch(answer)
  const reader = createManifestMirror({ fetch, timeoutMs: 50, maxBytes: 4096 })
  return { sent, manifest: reader(mirror, wanted as Digest) }
}

const say =
  (body: string | Uint8Array, type: string, more: object = {}) =>
  () =>
    new Response(typeof body === 'string' ? body : new Uint8Array(body), {
      headers: { 'content-type': type, ...more },
    })

test('a manifest is read from where a client would be sent to for a blob, with nothing of a client’s', async () => {
  const { sent, manifest } = read(say(text, mediaType))
  expect(await manifest).toEqual({ digest, mediaType, bytes: new Uint8Array(image.bytes) })
  expect(sent).toEqual([{ method: 'GET', url, headers: { 'accept-encoding': 'identity' } }])
})

test('a bucket that does not say what it has is believed what its bytes say', async () => {
  expect(await read(say(text, octets)).manifest).toMatchObject({ mediaType })
})

const largest = JSON.stringify({ manifests: [], annotations: { a: 'x'.repeat(5000) } })

test.for<[string, () => Response | Promise<Response>, string?]>([
  ['that is not there', () => new Response(null, { status: 403 })],
  ['that is elsewhere', () => new Response(null, { status: 307, headers: { location: '/x' } })],
  ['that is another', say(`${text} `, mediaType)],
  ['that is too large', say(largest, mediaType)],
  ['that says it is too large', say(text, mediaType, { 'content-length': '5000' })],
  ['that is a blob', say(config.bytes, octets), config.descriptor.digest],
  ['of a mirror that is down', () => Promise.reject(new TypeError('fetch failed'))],
])('a manifest %s is not to be had there', async ([, answer, wanted]) => {
  expect(await read(answer, wanted).manifest).toBeUndefined()
})

test('a mirror that does not answer is not waited for', async () => {
  const hangs: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init!.signal!.addEventListener('abort', () => reject(init!.signal!.reason as Error))
    })
  const reader = createManifestMirror({ fetch: hangs, timeoutMs: 20, maxBytes: 4096 })
  expect(await reader(mirror, digest as Digest)).toBeUndefined()
})
