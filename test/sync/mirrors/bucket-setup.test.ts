import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { canaryOf } from '../../../src/sync/publish/canary.ts'
import type { StoreErrorCode } from '../../../src/embedded/store-error.ts'
import { StoreError, storeErrorResponse } from '../../../src/embedded/store-error.ts'
import {
  createMirrorWorld,
  east,
  eastBucket as Bucket,
  ireland,
  outcomesOf,
} from './mirror-world.ts'
import { asked, credentials } from '../world.ts'

const all = (outcome: string) => ({
  bucket: outcome,
  marker: outcome,
  'public access block': outcome,
  'object ownership': outcome,
  policy: outcome,
  lifecycle: outcome,
  canary: outcome,
})

function clientOf(endpoint: string): S3Client {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  onTestFinished(() => client.destroy())
  return client
}

// At a store that is not AWS the public access block stays as it is.
const fresh = { ...all('done'), 'public access block': 'already' }

test('a bucket is made and set up, and a second time nothing is written', async () => {
  const world = await createMirrorWorld()
  expect(outcomesOf(await world.setUp(east))).toEqual(fresh)
  const canary = canaryOf(east)
  const url = `${world.storeUrl}/${Bucket}`
  const read = await fetch(`${url}/containers/images/${canary.digest}`)
  expect(await read.text()).toBe(canary.bytes.toString())
  expect((await fetch(`${url}/nearport/mirror.json`)).status).toBe(403)
  expect((await fetch(`${url}?list-type=2`)).status).toBe(403)

  const before = asked(world.store, 'PUT').length
  expect(outcomesOf(await world.setUp(east))).toEqual(all('already'))
  expect(asked(world.store, 'PUT').length).toBe(before)
})

test('a bucket is made in the region of its signatures, and one of us-east-1 without naming it', async () => {
  const world = await createMirrorWorld()
  const bodies: string[] = []
  world.store.intercept = async (request) => {
    if (request.method === 'PUT' && /mirror-[a-z0-9-]+\/?$/.test(new URL(request.url).pathname)) {
      if (new URL(request.url).search === '') bodies.push(await request.clone().text())
    }
    return undefined
  }
  await world.setUp(east)
  await world.setUp(ireland)
  expect(bodies).toEqual(['', expect.stringContaining('>eu-west-1</LocationConstraint>')])
})

test('a store of one place gets the bucket without one, and nobody is asked for a place auto', async () => {
  const world = await createMirrorWorld()
  world.store.intercept = async (request) => {
    const text = request.method === 'PUT' ? await request.clone().text() : ''
    return text.includes('<LocationConstraint>')
      ? new Response('<Error><Code>InvalidLocationConstraint</Code></Error>', { status: 400 })
      : undefined
  }
  expect(outcomesOf(await world.setUp(ireland))).toMatchObject({ bucket: 'done', canary: 'done' })
  world.file.mirrors[0] = { ...world.file.mirrors[0], id: 'r2/auto' }
  expect(outcomesOf(await world.setUp('r2/auto'))).toMatchObject({ bucket: 'done' })
  const creations = world.store.requests.filter(
    ({ method, path }) =>
      method === 'PUT' && /mirror-[a-z0-9-]+\/?(?:\?|$)/.test(path) && !/[?&](?!x-id)/.test(path),
  )
  expect(creations.length).toBe(3)
})

test('a dry run says what it would do, before and after the bucket is there', async () => {
  const world = await createMirrorWorld()
  expect(outcomesOf(await world.setUp(east, { dryRun: true }))).toEqual(all('planned'))
  world.store.createBucket(Bucket)
  const steps = outcomesOf(await world.setUp(east, { dryRun: true }))
  expect(steps).toEqual({
    ...all('planned'),
    bucket: 'already',
    'public access block': 'already',
  })
  expect(asked(world.store, 'PUT')).toEqual([])
})

test('a bucket of another mirror, and one with objects of others, is not touched', async () => {
  const world = await createMirrorWorld()
  await world.setUp(east)
  world.file.mirrors[1] = { ...world.file.mirrors[1], bucket: Bucket, signingRegion: 'us-east-1' }
  const before = asked(world.store, 'PUT').length
  expect(await world.setUp(ireland)).toEqual([
    { what: 'bucket', outcome: 'already' },
    {
      what: 'marker',
      outcome: 'refused',
      note: expect.stringContaining('got that of aws/us-east-1'),
    },
  ])
  expect(asked(world.store, 'PUT').length).toBe(before)

  world.file.mirrors[1] = { ...world.file.mirrors[1], bucket: 'old' }
  world.store.createBucket('old')
  world.store.putObject('old', 'backup.sql', Buffer.from('precious'))
  const refused = await world.setUp(ireland)
  expect(refused.at(-1)).toMatchObject({
    outcome: 'refused',
    note: expect.stringMatching(/--claim/),
  })
  expect(asked(world.store, 'PUT').length).toBe(before)
  const claimed = await world.setUp(ireland, { claim: true })
  expect(outcomesOf(claimed)).toEqual({ ...fresh, bucket: 'already' })
})

test.for<[string, (request: Request) => Response | undefined, RegExp]>([
  [
    'that may not be looked at',
    ({ method }) => (method === 'HEAD' ? new Response(null, { status: 403 }) : undefined),
    /^the bucket mirror-us-east-1 belongs to somebody else, or these credentials may not see it/,
  ],
  [
    'whose name somebody else has',
    ({ method, url }) =>
      method === 'PUT' && /mirror-us-east-1\/?$/.test(url)
        ? new Response('<Error><Code>BucketAlreadyExists</Code></Error>', { status: 409 })
        : undefined,
    /belongs to somebody else/,
  ],
  [
    'in another region',
    ({ method }) =>
      method === 'HEAD'
        ? new Response(null, { status: 301, headers: { 'x-amz-bucket-region': 'ap-south-1' } })
        : undefined,
    /^wanted the bucket mirror-us-east-1 in us-east-1, got one in ap-south-1/,
  ],
])('a bucket %s is refused', async ([, intercept, note]) => {
  const world = await createMirrorWorld()
  world.store.intercept = intercept
  expect(await world.setUp(east)).toEqual([
    { what: 'bucket', outcome: 'refused', note: expect.stringMatching(note) },
  ])
})

const settings = /[?&](policy|publicAccessBlock|ownershipControls|lifecycle)/

test.for<StoreErrorCode>(['NotImplemented', 'MethodNotAllowed'])(
  'a store that says %s to what it does not know is filled all the same, and people are told',
  async (code) => {
    const world = await createMirrorWorld()
    world.store.intercept = ({ url }) =>
      settings.test(url) ? storeErrorResponse(new StoreError(code)) : undefined
    const steps = await world.setUp(east)
    expect(outcomesOf(steps)).toEqual({
      ...all('done'),
      'public access block': 'unknown',
      'object ownership': 'unknown',
      policy: 'unknown',
      lifecycle: 'unknown',
    })
    expect(steps.find(({ what }) => what === 'policy')!.note).toMatch(
      /^public read is set up by hand in this store: containers\/images\/sha256\* and nearport\/index\/\*/,
    )
  },
)

test('a store that takes the words for something else is asked for nothing', async () => {
  const world = await createMirrorWorld()
  // As Ceph does with ownershipControls: it lists the bucket.
  world.store.intercept = ({ url, method }) =>
    settings.test(url) && method === 'GET' ? new Response('<ListBucketResult/>') : undefined
  const outcomes = outcomesOf(await world.setUp(east))
  expect(outcomes['object ownership']).toBe('unknown')
  expect(outcomes['policy']).toBe('unknown')
})

test('what is refused names the right that is lacking, and the rest is done', async () => {
  const world = await createMirrorWorld()
  world.store.intercept = ({ url, method }) =>
    method === 'PUT' && url.includes('policy')
      ? storeErrorResponse(new StoreError('AccessDenied'))
      : undefined
  const steps = await world.setUp(east)
  expect(outcomesOf(steps)).toEqual({ ...fresh, policy: 'failed' })
  expect(steps.find(({ what }) => what === 'policy')!.note).toMatch(
    /answered 403 .* the credentials need s3:GetBucketPolicy and s3:PutBucketPolicy/,
  )
})

test('statements and rules of others stay, and ours are as they are to be', async () => {
  const world = await createMirrorWorld()
  await world.setUp(east)
  const client = clientOf(world.storeUrl)
  const theirs = {
    Sid: 'NoDeletes',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:DeleteObject',
    Resource: `arn:aws:s3:::${Bucket}/*`,
  }
  const wide = { ...theirs, Sid: 'NearportReadBlobs', Effect: 'Allow', Action: 's3:*' }
  const Policy = JSON.stringify({ Version: '2012-10-17', Id: 'x', Statement: [wide, theirs] })
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  const rule = {
    ID: 'old',
    Status: 'Enabled' as const,
    Filter: { Prefix: 'tmp/' },
    Expiration: { Days: 9 },
  }
  const LifecycleConfiguration = { Rules: [rule] }
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))

  const outcomes = outcomesOf(await world.setUp(east))
  expect(outcomes).toEqual({ ...all('already'), policy: 'done', lifecycle: 'done' })
  const after = await client.send(new GetBucketPolicyCommand({ Bucket }))
  expect(JSON.parse(after.Policy!)).toEqual({
    Version: '2012-10-17',
    Id: 'x',
    Statement: [
      theirs,
      {
        ...theirs,
        Sid: 'NearportReadBlobs',
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${Bucket}/containers/images/sha256*`,
      },
      {
        ...theirs,
        Sid: 'NearportReadIndex',
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${Bucket}/nearport/index/*`,
      },
    ],
  })
  const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  expect(Rules!.map(({ ID }) => ID)).toEqual(['old', 'nearport-abort-uploads'])
})

test('the index is public only where serve reads it in the bucket', async () => {
  const world = await createMirrorWorld()
  await world.setUp(east)
  expect(outcomesOf(await world.setUp(east, { isIndexThere: false }))['policy']).toBe('done')
  const client = clientOf(world.storeUrl)
  const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket }))
  expect(Policy).toContain('NearportReadBlobs')
  expect(Policy).not.toContain('NearportReadIndex')
})

test('without credentials nothing is tried', async () => {
  const world = await createMirrorWorld()
  world.file.mirrors[0] = { ...world.file.mirrors[0], credentials: 'NONE' }
  expect(await world.setUp(east)).toEqual([
    { what: 'bucket', outcome: 'failed', note: expect.stringContaining('NONE_ACCESS_KEY_ID') },
  ])
})
