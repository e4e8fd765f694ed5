import { PutBucketPolicyCommand, PutPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { defaultKeys } from '../../../src/core/key-template.ts'
import { StoreError, storeErrorResponse } from '../../../src/embedded/store-error.ts'
import { canaryOf } from '../../../src/sync/publish/canary.ts'
import { checkMirror } from '../../../src/sync/mirrors/mirror-check.ts'
import { createMirrorWorld, east, eastBucket as Bucket } from './mirror-world.ts'
import { credentials } from '../world.ts'

async function createMadeWorld() {
  const world = await createMirrorWorld()
  await world.setUp(east)
  const client = new S3Client({
    endpoint: world.storeUrl,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials,
  })
  onTestFinished(() => client.destroy())
  const check = async () => {
    const findings = await checkMirror(world.config().mirrors[0]!, world.deps, {
      isIndexThere: true,
    })
    return findings.map(({ kind, what, fix }) => `${kind}: ${what} → ${fix}`)
  }
  return { ...world, client, check }
}

type Made = Awaited<ReturnType<typeof createMadeWorld>>

test('nothing is wrong with what was made, and looking leaves nothing', async () => {
  const world = await createMadeWorld()
  await world.publish()
  const before = world.store.keys(Bucket)
  expect(await world.check()).toEqual([])
  expect(world.store.keys(Bucket)).toEqual(before)
})

const isAnonymous = (request: Request) => !request.headers.has('authorization')
const canaryKey = defaultKeys.keyOf(canaryOf(east).digest)
const denied = () => storeErrorResponse(new StoreError('AccessDenied'))

function answering(
  answer: (request: Request) => Response | Promise<Response> | undefined,
): (world: Made) => void {
  return ({ store }) => (store.intercept = answer)
}

test.for<[string, (world: Made) => unknown, RegExp]>([
  [
    'a bucket that is not there',
    ({ file }) => (file.mirrors[0] = { ...file.mirrors[0], bucket: 'nobodys' }),
    /^wrong: the bucket nobodys is missing → nearport mirrors create aws\/us-east-1$/,
  ],
  [
    'a bucket of somebody else',
    answering(({ method }) =>
      method === 'HEAD' ? new Response(null, { status: 403 }) : undefined,
    ),
    /^wrong: the bucket mirror-us-east-1 is somebody else's, or the credentials lack s3:ListBucket/,
  ],
  [
    'a bucket of another mirror',
    ({ store }) =>
      store.putObject(
        Bucket,
        'nearport/mirror.json',
        Buffer.from('{"nearport":1,"mirror":"aws/x"}'),
      ),
    /^wrong: the bucket is not ours: .* got that of aws\/x/,
  ],
  [
    'no credentials',
    ({ file }) => (file.mirrors[0] = { ...file.mirrors[0], credentials: 'NONE' }),
    /^wrong: wanted NONE_ACCESS_KEY_ID in the environment/,
  ],
  [
    'no right to list',
    answering((request) =>
      request.url.includes('list-type') && !isAnonymous(request) ? denied() : undefined,
    ),
    /give the credentials s3:ListBucket on arn:aws:s3:::mirror-us-east-1$/,
  ],
  [
    'no right to write',
    answering(({ method }) => (method === 'PUT' ? denied() : undefined)),
    /give the credentials s3:PutObject on arn:aws:s3:::mirror-us-east-1\/\*$/,
  ],
  [
    'no right to delete',
    answering(({ method }) => (method === 'DELETE' ? denied() : undefined)),
    /give the credentials s3:DeleteObject on arn:aws:s3:::mirror-us-east-1\/nearport\/index\/\*$/,
  ],
  [
    'a public access block in the way',
    ({ client }) =>
      client.send(
        new PutPublicAccessBlockCommand({
          Bucket,
          PublicAccessBlockConfiguration: { RestrictPublicBuckets: true },
        }),
      ),
    /^wrong: the public access block is in the way: RestrictPublicBuckets → nearport mirrors create/,
  ],
  [
    'a policy that lets anyone list',
    ({ client }) =>
      client.send(
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Statement: [
              {
                Effect: 'Allow',
                Principal: '*',
                Action: ['s3:GetObject', 's3:ListBucket'],
                Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
              },
            ],
          }),
        }),
      ),
    /^warning: the policy gives the public more than it needs: s3:ListBucket on .*\nwarning: anyone may list http/,
  ],
  [
    'no canary',
    ({ store }) => store.deleteObject(Bucket, canaryKey),
    /^wrong: its canary is missing → nearport mirrors create aws\/us-east-1, or nearport sync$/,
  ],
  [
    'a canary that is packed',
    ({ store }) =>
      store.putObject(Bucket, canaryKey, canaryOf(east).bytes, { 'content-encoding': 'gzip' }),
    /as they are, got Content-Encoding gzip → turn off compression where publicUrl leads/,
  ],
  [
    'ranges that come whole',
    answering((request) =>
      request.headers.get('range') === 'bytes=1-' ? new Response(canaryOf(east).bytes) : undefined,
    ),
    /with Range bytes=1-, got 200.* → let ranges through where publicUrl leads$/,
  ],
  [
    'a page in the place of what is missing',
    answering((request) =>
      request.url.endsWith('dead') ? new Response('<html>Sorry') : undefined,
    ),
    /^wrong: wanted 403 or 404 for a blob that is not there .*, got 200 → set publicUrl to the bucket itself/,
  ],
  [
    'an error in the place of what is missing',
    answering((request) =>
      request.url.endsWith('dead') ? new Response('', { status: 502 }) : undefined,
    ),
    /^wrong: wanted an answer from http.*, got 502 → set publicUrl/,
  ],
  [
    'an address that sends people on',
    answering((request) =>
      isAnonymous(request) ? Response.redirect('https://elsewhere.example/', 301) : undefined,
    ),
    /^wrong: http.* sends its readers on to https:\/\/elsewhere.example\/ → set publicUrl/,
  ],
  [
    'an address where nobody is',
    ({ file }) => (file.mirrors[0] = { ...file.mirrors[0], publicUrl: 'http://127.0.0.1:1/b' }),
    /^wrong: wanted an answer from http:\/\/127.0.0.1:1\/b, got .*ECONNREFUSED/,
  ],
  [
    'an index that is not public',
    async ({ setUp, publish }) => {
      await publish()
      await setUp(east, { isIndexThere: false })
    },
    /the policy does not let anyone read nearport\/index\/\* → .*\nwrong: wanted the index's pointer from GET .*, got 403/,
  ],
  [
    'a policy that may not be looked at',
    answering((request) => (/[?&]policy/.test(request.url) ? denied() : undefined)),
    /^warning: its policy could not be looked at: .*403/,
  ],
])('%s is found, with what mends it', async ([, fault, found]) => {
  const world = await createMadeWorld()
  await fault(world)
  expect((await world.check()).join('\n')).toMatch(found)
})

test('a bucket that nothing was set up of is told all that it lacks', async () => {
  const world = await createMadeWorld()
  world.store.createBucket(Bucket)
  expect(await world.check()).toEqual([
    'wrong: the bucket is empty → nearport mirrors create aws/us-east-1, and nearport sync',
    'wrong: the policy does not let anyone read containers/images/sha256* → nearport mirrors create aws/us-east-1',
    'wrong: the policy does not let anyone read nearport/index/* → nearport mirrors create aws/us-east-1',
    'warning: no rule ends uploads that nobody completes in 2 days → nearport mirrors create aws/us-east-1',
    'wrong: its canary is missing → nearport mirrors create aws/us-east-1, or nearport sync',
  ])
})

test('a bucket that was never claimed is told how', async () => {
  const world = await createMadeWorld()
  world.store.deleteObject(Bucket, 'nearport/mirror.json')
  expect(await world.check()).toEqual([
    "wrong: the bucket holds objects and no nearport/mirror.json → if it is this mirror's: nearport sync --claim aws/us-east-1",
  ])
})
