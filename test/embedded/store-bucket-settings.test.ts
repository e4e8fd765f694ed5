import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetPublicAccessBlockCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { publicReadPolicy } from '../../src/embedded/store-policy.ts'
import { Bucket, useStore } from './store-fixture.ts'

const running = useStore()

test('what is not set is said to be not there', async () => {
  const { client } = running
  await expect(client.send(new GetPublicAccessBlockCommand({ Bucket }))).rejects.toMatchObject({
    name: 'NoSuchPublicAccessBlockConfiguration',
  })
  await expect(
    client.send(new GetBucketOwnershipControlsCommand({ Bucket })),
  ).rejects.toMatchObject({
    name: 'OwnershipControlsNotFoundError',
  })
  await expect(
    client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  ).rejects.toMatchObject({ name: 'NoSuchLifecycleConfiguration' })
})

test('a public access block keeps policies out, and people', async () => {
  const { client, served } = running
  await running.put('key')
  const Policy = publicReadPolicy(Bucket, [''])
  const block = (PublicAccessBlockConfiguration: object) =>
    client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }))
  await block({ BlockPublicPolicy: true })
  await expect(client.send(new PutBucketPolicyCommand({ Bucket, Policy }))).rejects.toMatchObject({
    name: 'AccessDenied',
  })
  await block({ BlockPublicPolicy: false })
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  expect((await fetch(`${served.url}/${Bucket}/key`)).status).toBe(200)
  await block({ RestrictPublicBuckets: true })
  expect((await fetch(`${served.url}/${Bucket}/key`)).status).toBe(403)
  const { PublicAccessBlockConfiguration } = await client.send(
    new GetPublicAccessBlockCommand({ Bucket }),
  )
  expect(PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: false,
    IgnorePublicAcls: false,
    BlockPublicPolicy: false,
    RestrictPublicBuckets: true,
  })
})

test('ownership and lifecycle rules come back as they were put', async () => {
  const { client } = running
  const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] }
  await client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }))
  const owned = await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))
  expect(owned.OwnershipControls).toEqual(OwnershipControls)
  const Rules = [
    {
      ID: 'a',
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
    },
    { ID: 'b', Status: 'Disabled' as const, Filter: { Prefix: 'tmp/' }, Expiration: { Days: 3 } },
  ]
  const LifecycleConfiguration = { Rules }
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))
  const kept = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  expect(kept.Rules).toEqual(Rules)
})

test('a rule that it could only pretend to keep is refused, and a setting of no bucket makes none', async () => {
  const { client } = running
  const Rules = [
    {
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      Transitions: [{ Days: 1, StorageClass: 'GLACIER' as const }],
    },
  ]
  const put = (bucket: string) =>
    client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules },
      }),
    )
  await expect(put(Bucket)).rejects.toMatchObject({ name: 'NotImplemented' })
  await expect(put('nowhere')).rejects.toMatchObject({ name: 'NoSuchBucket' })
})
