import { type Action, emptyResponse } from './store-call.ts'
import {
  getLifecycle,
  getOwnership,
  getPublicAccessBlock,
  putAllowedPolicy,
  putLifecycle,
  putOwnership,
  putPublicAccessBlock,
} from './store-bucket-settings.ts'
import { copyObject, uploadPartCopy } from './store-copy.ts'
import { StoreError } from './store-error.ts'
import { listObjects } from './store-listing.ts'
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
} from './store-multipart.ts'
import { deleteObject, deleteObjects, getObject, putObject } from './store-object.ts'
import { deletePolicy, getPolicy } from './store-policy.ts'
import { signatureParameters } from './store-presigned.ts'

/** What a request asks for, and the policy action that lets people other than the owner do it. */
export type Asked = { readonly action: Action; readonly permission?: string }

const headBucket: Action = ({ bucket }) =>
  emptyResponse(bucket.region === undefined ? {} : { 'x-amz-bucket-region': bucket.region })

const deleteBucket: Action = ({ bucket, state }) => {
  if (bucket.objects.size > 0) throw new StoreError('BucketNotEmpty')
  state.buckets.delete(bucket.name)
  return emptyResponse({}, 204)
}

const createBucketAgain: Action = ({ bucket }) => {
  throw new StoreError('BucketAlreadyOwnedByYou', undefined, { BucketName: bucket.name })
}

const bucketActions: Readonly<Record<string, Asked>> = {
  'PUT ': { action: createBucketAgain },
  'HEAD ': { action: headBucket, permission: 's3:ListBucket' },
  'DELETE ': { action: deleteBucket },
  'GET list-type': { action: listObjects, permission: 's3:ListBucket' },
  'GET uploads': { action: listUploads },
  'POST delete': { action: deleteObjects },
  'PUT policy': { action: putAllowedPolicy },
  'GET policy': { action: getPolicy },
  'DELETE policy': { action: deletePolicy },
  'PUT publicAccessBlock': { action: putPublicAccessBlock },
  'GET publicAccessBlock': { action: getPublicAccessBlock },
  'PUT ownershipControls': { action: putOwnership },
  'GET ownershipControls': { action: getOwnership },
  'PUT lifecycle': { action: putLifecycle },
  'GET lifecycle': { action: getLifecycle },
}

const objectActions: Readonly<Record<string, Asked>> = {
  'PUT ': { action: putObject },
  'PUT copy': { action: copyObject },
  'GET ': { action: getObject, permission: 's3:GetObject' },
  'HEAD ': { action: getObject, permission: 's3:GetObject' },
  'DELETE ': { action: deleteObject },
  'POST uploads': { action: createUpload },
  'PUT uploadId': { action: uploadPart },
  'PUT uploadId copy': { action: uploadPartCopy },
  'POST uploadId': { action: completeUpload },
  'GET uploadId': { action: listParts },
  'DELETE uploadId': { action: abortUpload },
}

const bucketSettings = ['policy', 'publicAccessBlock', 'ownershipControls', 'lifecycle']
const subresources = ['uploadId', 'uploads', 'delete', ...bucketSettings, 'list-type']
const parameters = [
  ...signatureParameters,
  'x-id',
  'partNumber',
  'prefix',
  'delimiter',
  'max-keys',
  'max-uploads',
  'max-parts',
  'key-marker',
  'upload-id-marker',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
]
const knownHeader =
  /^x-amz-(?:date|content-sha256|checksum-.+|sdk-checksum-algorithm|meta-.+|copy-source|copy-source-range|metadata-directive|security-token|decoded-content-length|trailer|user-agent|storage-class|te)$/

/** Whether a request is about how a bucket is set up, and not about the bucket itself. */
export function isAboutSetting(query: URLSearchParams): boolean {
  return bucketSettings.some((name) => query.has(name))
}

/**
 * Names what a request asks for. Throws StoreError: NotImplemented for any parameter or `x-amz-`
 * header that is not known, since leaving it unheeded could do harm: a canned ACL, a version, a
 * condition on a copy.
 */
export function parseAction(request: Request, query: URLSearchParams, key: string): Asked {
  const unknown =
    [...query.keys()].find((name) => ![...subresources, ...parameters].includes(name)) ??
    [...request.headers.keys()].find((name) => name.startsWith('x-amz-') && !knownHeader.test(name))
  if (unknown !== undefined) {
    throw new StoreError('NotImplemented', `${unknown} is not implemented`)
  }

  const words = [
    subresources.find((name) => query.has(name)) ?? '',
    ...(request.headers.has('x-amz-copy-source') ? ['copy'] : []),
  ]
  const name = `${request.method} ${words.join(' ').trim()}`
  const asked = (key === '' ? bucketActions : objectActions)[name]
  if (asked === undefined) throw new StoreError('MethodNotAllowed')
  if (Buffer.byteLength(key) > 1024) throw new StoreError('KeyTooLongError')
  return asked
}
