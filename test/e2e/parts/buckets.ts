import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import type { Store } from './ceph.ts'

/** What it takes to write to a store: its address and keys. */
export type StoreAccess = Pick<Store, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>

/**
 * A client for a store that is not AWS: bucket names in the path, checksums only where a request
 * must have them.
 */
export function storeClient(store: StoreAccess, region = 'us-east-1'): S3Client {
  const { endpoint, accessKeyId, secretAccessKey } = store
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    credentials: { accessKeyId, secretAccessKey },
  })
}

/**
 * Makes a bucket whose blobs and nearport's own objects anyone may read, and that nobody else may
 * list.
 */
export async function createMirrorBucket(store: StoreAccess, bucket: string): Promise<void> {
  const client = storeClient(store)
  const resources = ['containers/images/*', 'nearport/*']
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject'],
        Resource: resources.map((resource) => `arn:aws:s3:::${bucket}/${resource}`),
      },
    ],
  }
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    await client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }),
    )
  } finally {
    client.destroy()
  }
}
