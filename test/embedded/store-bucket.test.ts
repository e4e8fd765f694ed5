import {
  CreateBucketCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { Bucket, useStore } from './store-fixture.ts'

const running = useStore()

test('a bucket with a region refuses a signature for another, and names its own', async () => {
  running.store.createBucket('ireland', { region: 'eu-west-1' })
  const object = { Bucket: 'ireland', Key: 'key', Body: 'x' }
  await expect(running.client.send(new PutObjectCommand(object))).rejects.toMatchObject({
    name: 'AuthorizationHeaderMalformed',
    message: expect.stringContaining("expecting 'eu-west-1'"),
  })

  const local = running.clientFor('eu-west-1')
  await local.send(new PutObjectCommand(object))
  local.destroy()
  expect(running.store.keys('ireland')).toEqual(['key'])
})

test('a bucket that is there is not created again', async () => {
  await expect(running.client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: 'BucketAlreadyOwnedByYou',
  })
})

test.for<[string, object, string]>([
  ['with a condition', { Condition: { Bool: {} } }, 'NotImplemented'],
  ['for one principal', { Principal: { AWS: 'arn:aws:iam::1:root' } }, 'NotImplemented'],
  ['on another bucket', { Resource: 'arn:aws:s3:::other/*' }, 'MalformedPolicy'],
  ['with an effect that is none', { Effect: 'Maybe' }, 'MalformedPolicy'],
])('a policy %s is refused', async ([, change, code]) => {
  const statement = {
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${Bucket}/*`,
    ...change,
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await expect(
    running.client.send(new PutBucketPolicyCommand({ Bucket, Policy })),
  ).rejects.toMatchObject({
    name: code,
  })
})

test('who may list a bucket is told 404 of a missing key, and a Deny outweighs an Allow', async () => {
  const statement = { Principal: { AWS: '*' }, Resource: `arn:aws:s3:::${Bucket}/*` }
  const Policy = JSON.stringify({
    Statement: [
      { ...statement, Sid: 'read', Effect: 'Allow', Action: 's3:Get*' },
      { ...statement, Effect: 'Deny', Action: '*', Resource: `arn:aws:s3:::${Bucket}/secret` },
      {
        ...statement,
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: `arn:aws:s3:::${Bucket}`,
      },
    ],
  })
  await running.client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  await running.put('secret')
  expect((await fetch(`${running.served.url}/images/missing`)).status).toBe(404)
  expect((await fetch(`${running.served.url}/images/secret`)).status).toBe(403)
  expect((await fetch(`${running.served.url}/images?list-type=2`)).status).toBe(200)
  expect((await fetch(`${running.served.url}/images/secret`, { method: 'DELETE' })).status).toBe(
    403,
  )
})

test('a policy comes back as it was put, until it is deleted', async () => {
  const { client } = running
  running.store.createBucket('public', { publicPrefixes: ['open/'] })
  running.store.putObject('public', 'open/key', new Uint8Array(1))
  const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket: 'public' }))
  expect(JSON.parse(Policy ?? '')).toMatchObject({ Statement: [{ Action: 's3:GetObject' }] })
  expect((await fetch(`${running.served.url}/public/open/key`)).status).toBe(200)

  await client.send(new DeleteBucketPolicyCommand({ Bucket: 'public' }))
  expect((await fetch(`${running.served.url}/public/open/key`)).status).toBe(403)
  await expect(client.send(new GetBucketPolicyCommand({ Bucket: 'public' }))).rejects.toMatchObject(
    { name: 'NoSuchBucketPolicy' },
  )
})

test('a bucket is deleted when it is empty, and not before', async () => {
  const drop = () => running.client.send(new DeleteBucketCommand({ Bucket }))
  await running.put('key')
  await expect(drop()).rejects.toMatchObject({ name: 'BucketNotEmpty' })
  expect(running.store.deleteObject(Bucket, 'key')).toBe(true)
  await drop()
  await expect(running.put('key')).rejects.toMatchObject({ name: 'NoSuchBucket' })
})

test('a bucket that has a location constraint is in that region', async () => {
  const irish = running.clientFor('eu-west-1')
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const }
  await irish.send(new CreateBucketCommand({ Bucket: 'ireland', CreateBucketConfiguration }))
  irish.destroy()
  await expect(
    running.client.send(new PutObjectCommand({ Bucket: 'ireland', Key: 'key', Body: 'x' })),
  ).rejects.toMatchObject({ name: 'AuthorizationHeaderMalformed' })
})

test('nobody but the owner creates a bucket, and its name is checked', async () => {
  expect((await fetch(`${running.served.url}/mine`, { method: 'PUT' })).status).toBe(403)
  expect(() => running.store.createBucket('No_Name')).toThrow('bucket is not valid')
})
