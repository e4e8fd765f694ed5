import { expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import { defaultKeys } from '../../src/core/key-template.ts'
import {
  blobUrl,
  defaultPublicUrl,
  parseMirrorId,
  signedBlobUrl,
  signedUrl,
} from '../../src/core/mirror.ts'
import { createSigner, signerOfNobody } from '../../src/core/signing/presign-signer.ts'

test.for<[string, string, string, string, string | undefined]>([
  [
    'dual-stack, so that IPv6 stays in the region',
    'aws',
    'eu-west-1',
    'b',
    'https://b.s3.dualstack.eu-west-1.amazonaws.com',
  ],
  [
    'a bucket with dots goes in the path',
    'aws',
    'eu-west-1',
    'b.c',
    'https://s3.dualstack.eu-west-1.amazonaws.com/b.c',
  ],
  [
    'China has a domain of its own',
    'aws',
    'cn-north-1',
    'b',
    'https://b.s3.dualstack.cn-north-1.amazonaws.com.cn',
  ],
  [
    'the European partition has no dual-stack',
    'aws',
    'eusc-de-east-1',
    'b',
    'https://b.s3.eusc-de-east-1.amazonaws.eu',
  ],
  ['Google Cloud Storage', 'gcp', 'us-central1', 'b', 'https://storage.googleapis.com/b'],
  ['other clouds say it themselves', 'r2', 'global', 'b', undefined],
])('%s', ([, cloud, region, bucket, url]) => {
  expect(defaultPublicUrl(cloud, region, bucket)).toBe(url)
})

test.for<[string, object | undefined]>([
  ['aws/us-east-1', { cloud: 'aws', region: 'us-east-1' }],
  ['aws/us-east-1/second', { cloud: 'aws', region: 'us-east-1' }],
  ['r2/global', { cloud: 'r2', region: 'global' }],
  ['aws', undefined],
  ['aws/', undefined],
  ['/us-east-1', undefined],
  ['aws/us-east-1/', undefined],
  ['upstream', undefined],
])('%s as a mirror’s id', ([id, parts]) => {
  expect(parseMirrorId(id)).toEqual(parts)
})

const mirror = {
  id: 'r2/global',
  cloud: 'r2',
  region: 'global',
  publicUrl: 'https://b',
  keys: defaultKeys,
}
const digest = digestOfHex('ab'.repeat(32))

test('a client is sent to the public URL and the key', () => {
  expect(blobUrl(mirror, digest)).toBe(`https://b/containers/images/${digest}`)
  expect(signedBlobUrl(mirror, 'GET', digest)).toBe(`https://b/containers/images/${digest}`)
  expect(signedUrl(mirror, 'GET', 'nearport/index/1.bin')).toBe('https://b/nearport/index/1.bin')
})

test('a private mirror’s address is signed for the method, with its key as it is signed', () => {
  const signer = createSigner({ url: 'https://b', region: 'a' }, { urlSeconds: 60, now: () => 0 })
  signer.renew({ accessKeyId: 'AK', secretAccessKey: 'SK' })
  const own = { ...mirror, signer }
  const path = `containers/images/sha256%3A${'ab'.repeat(32)}`
  expect(signedBlobUrl(own, 'HEAD', digest)).toBe(signer.sign('HEAD', path))
  expect(signedBlobUrl(own, 'GET', digest)).not.toBe(signer.sign('HEAD', path))
  expect(signedUrl(own, 'GET', 'nearport/a:b')).toBe(signer.sign('GET', 'nearport/a%3Ab'))
  // A message may say where it is, and not how it is opened.
  expect(blobUrl(own, digest)).toBe(`https://b/containers/images/${digest}`)
})

test('a private mirror without credentials has no address at all', () => {
  const own = { ...mirror, signer: signerOfNobody }
  expect(() => signedBlobUrl(own, 'GET', digest)).toThrow(/^wanted credentials/)
  own.signer.hear(200)
  expect(own.signer.isReady()).toBe(false)
})
