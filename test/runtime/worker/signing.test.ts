import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { signedBlobUrl } from '../../../src/core/mirror.ts'
import { createSigning } from '../../../src/runtime/mirrors/mirror-credentials.ts'
import { signWorkerMirrors } from '../../../src/runtime/worker/signing.ts'
import { blobDigest } from '../../core/world.ts'

const config = parseConfig(
  {
    upstreams: [{ registry: 'https://upstream.example' }],
    mirrors: [
      { id: 'aws/us-east-1', bucket: 'open' },
      { id: 'aws/eu-west-1', bucket: 'own', private: true },
    ],
  },
  'the test',
)
const env = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' }

test('a Worker signs with its secrets as Node does', () => {
  const now = () => 1_700_000_000_000
  const [open, own] = signWorkerMirrors(config, env, now).mirrors
  expect(open).toBe(config.mirrors[0])
  const onNode = createSigning(config, { env, now }).config.mirrors[1]!
  expect(signedBlobUrl(own!, 'GET', blobDigest)).toBe(signedBlobUrl(onNode, 'GET', blobDigest))
})

test('a Worker does not start without the secrets that a private mirror wants, and names the mirror', () => {
  expect(() => signWorkerMirrors(config, {}, () => 0)).toThrow(/aws\/eu-west-1: wanted/)
  const open = { ...config, mirrors: config.mirrors.slice(0, 1) }
  expect(signWorkerMirrors(open, {}, () => 0)).toBe(open)
})
