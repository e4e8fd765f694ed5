import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { signatureDate } from '../../../src/core/signing/presign-date.ts'
import { encodePath } from '../../../src/core/signing/presign-encoding.ts'
import type { SignedMethod, SigningCredentials } from '../../../src/core/signing/presign.ts'
import { createPresigner } from '../../../src/core/signing/presign.ts'
import { nativeSignature } from '../../../src/runtime/mirrors/mirror-signature.ts'

// As in the S3 API reference, "Authenticating Requests: Using Query Parameters".
const documented = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const bucket = { url: 'https://examplebucket.s3.amazonaws.com', region: 'us-east-1' }

test('signs the example of the S3 API reference', () => {
  const presign = createPresigner(bucket, documented)
  expect(presign('GET', 'test.txt', Date.UTC(2013, 4, 24), 86_400)).toBe(
    'https://examplebucket.s3.amazonaws.com/test.txt' +
      '?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
      '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
      '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
      '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
})

const blob = `containers/images/sha256:${'0123456789abcdef'.repeat(4)}`
const lent = { ...documented, sessionToken: 'IQoJb3JpZ2luX2VjE/+a==' }

test.for<[string, string, string, SigningCredentials, SignedMethod, string]>([
  ['a blob, whose key has a colon', bucket.url, blob, documented, 'GET', 'us-east-1'],
  ['a HEAD', bucket.url, blob, documented, 'HEAD', 'us-east-1'],
  ['a session token', bucket.url, blob, lent, 'GET', 'eu-west-3'],
  ['a bucket in the path, on a port', 'http://127.0.0.1:9000/images', blob, lent, 'GET', 'auto'],
  [
    'a secret of more than a block',
    bucket.url,
    blob,
    { ...documented, secretAccessKey: 'k'.repeat(64) },
    'GET',
    'auto',
  ],
  ['a path that is encoded', 'https://store.example/a%20b/~c/%C3%A9', 'x', documented, 'GET', 'a'],
  ['a key that is not a blob’s', bucket.url, "a b/'(c)*!+é", documented, 'GET', 'us-east-1'],
])('signs %s as the AWS SDK does', async ([, url, key, credentials, method, region]) => {
  const timeMs = Date.UTC(2026, 10, 26, 1, 2, 3, 456)
  const ours = createPresigner({ url, region }, credentials)
  const native = createPresigner({ url, region }, credentials, nativeSignature)
  const address = ours(method, encodePath(key), timeMs, 900)
  expect(native(method, encodePath(key), timeMs, 900)).toBe(address)
  expect(paramsOf(address)).toEqual(await theirs(address, method, credentials, region, timeMs))
})

test('a signature is of one method, key, second and lifetime, and comes again for the same', () => {
  for (const presign of [
    createPresigner(bucket, lent),
    createPresigner(bucket, lent, nativeSignature),
  ]) {
    const one = presign('GET', 'a', 1000, 60)
    const others = [
      presign('HEAD', 'a', 1000, 60),
      presign('GET', 'b', 1000, 60),
      presign('GET', 'bb', 1000, 60),
      presign('GET', 'a', 2000, 60),
      presign('GET', 'a', 1000, 61),
      presign('GET', 'a', 86_401_000, 60),
    ]
    expect(new Set([one, ...others].map((each) => each.slice(-64))).size).toBe(7)
    expect(presign('GET', 'a', 1999, 60)).toBe(one)
  }
})

test('however many are signed in a second, each has the signature of its own', () => {
  const presign = createPresigner(bucket, lent, nativeSignature)
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 300; at++) {
      const alone = createPresigner(bucket, lent, nativeSignature)
      const key = `key-${at}`
      expect(presign('GET', key, 1000, 60)).toBe(alone('GET', key, 1000, 60))
    }
  }
})

test.for<[string, string]>([
  ['a query', 'https://store.example/b?x=1'],
  ['a user', 'https://user@store.example/b'],
  ['no scheme', 'store.example/b'],
  ['a path that decodes to nothing', 'https://store.example/%zz'],
])('does not sign in an address with %s', ([, url]) => {
  expect(() => createPresigner({ url, region: 'a' }, documented)).toThrow(/^wanted an address/)
})

test('writes every second from 1970 to 9999 as the platform’s calendar does', () => {
  const end = Date.UTC(9999, 11, 31, 23, 59, 59)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: end }), (timeMs) => {
      const wanted = new Date(timeMs).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
      return signatureDate(timeMs) === wanted
    }),
  )
  const days = ['2000-02-29', '2024-02-29', '2100-02-28', '2100-03-01', '1999-12-31', '2000-01-01']
  for (const day of days) {
    expect(signatureDate(Date.parse(day))).toBe(`${day.replaceAll('-', '')}T000000Z`)
  }
})

/** The SDK signs the same address, with parameters in another order. */
async function theirs(
  address: string,
  method: SignedMethod,
  credentials: SigningCredentials,
  region: string,
  timeMs: number,
) {
  const { protocol, host, hostname, port, pathname } = new URL(address)
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials,
    sha256: NodeSha256,
    uriEscapePath: false,
  })
  const request = {
    method,
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: pathname,
    query: {},
    headers: { host },
    // Whatever it is, its hash is not signed.
    body: {},
  }
  const how = { expiresIn: 900, signingDate: new Date(timeMs) }
  const { query } = await signer.presign(request, how)
  return { ...query }
}

function paramsOf(address: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(new URL(address).search.replaceAll('+', '%2B')))
}

type SourceData = string | ArrayBuffer | ArrayBufferView

class NodeSha256 {
  #state

  constructor(secret?: SourceData) {
    const key = secret as string | Uint8Array | undefined
    this.#state = key === undefined ? createHash('sha256') : createHmac('sha256', key)
  }

  update(data: SourceData) {
    this.#state.update(data as string | Uint8Array)
  }

  async digest() {
    return new Uint8Array(this.#state.digest())
  }

  reset() {}
}
