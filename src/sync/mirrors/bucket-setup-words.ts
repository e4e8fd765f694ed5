import type { ConfiguredMirror } from '../../config.ts'
import { BucketError } from '../bucket/bucket-error.ts'
import type { SetupPart } from './bucket-setup.ts'
import { publicPrefixes } from './bucket-setup-policy.ts'

/** What people are told to do where a store takes no bucket policy. */
export function byHand(mirror: ConfiguredMirror, isIndexThere: boolean): string {
  if (mirror.signer !== undefined) {
    return 'what the store has in its place is looked at by hand: nobody may read this bucket without a signature'
  }
  const what = publicPrefixes(mirror, isIndexThere)
    .map((prefix) => `${prefix}*`)
    .join(' and ')
  const how =
    mirror.cloud === 'gcp'
      ? 'give allUsers the role Storage Legacy Object Reader in the console'
      : 'with an access list (Swift: X-Container-Read: .r:*), a public domain (R2), or in its console'
  return `public read is set up by hand in this store: ${what} for anyone to read and nobody to list, ${how}`
}

/** What went wrong with a step, and the right that is lacking where one is. */
export function explainFailure(what: SetupPart, error: Error): string {
  if (!(error instanceof BucketError) || error.status !== 403) return error.message
  const right = {
    'public access block': 's3:GetBucketPublicAccessBlock and s3:PutBucketPublicAccessBlock',
    'object ownership': 's3:GetBucketOwnershipControls and s3:PutBucketOwnershipControls',
    policy:
      's3:GetBucketPolicy and s3:PutBucketPolicy; where they have them, public policies are blocked for the whole account',
    lifecycle: 's3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration',
    canary: 's3:ListBucket and s3:PutObject',
    bucket: 's3:CreateBucket',
    marker: 's3:GetObject and s3:PutObject',
  }[what]
  return `${error.message}: the credentials need ${right}`
}
