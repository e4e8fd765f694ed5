import { S3Client } from '@aws-sdk/client-s3'
import type { StoreSettings } from '../../config.ts'
import type { Environment } from '../../core/signing/presign-credentials.ts'
import { readCredentials } from '../../core/signing/presign-credentials.ts'

export type { Environment }

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Creates the S3 client of one mirror. Throws an Error naming what the environment lacks. */
export function createBucketClient(store: StoreSettings, env: Environment): S3Client {
  const { endpoint, credentials, forcePathStyle, signingRegion } = store
  if (endpoint === undefined && signingRegion === 'auto') {
    throw new Error(
      'wanted endpoint in its configuration, got none: AWS and Google alone have a known one',
    )
  }
  // As many as there may be blobs on their way, each in parts: to wait for one counts as connecting.
  const agent = { keepAlive: true, maxSockets: 1024 }
  return new S3Client({
    region: signingRegion,
    forcePathStyle,
    maxAttempts: 3,
    // It would write to the console of whoever runs us; what fails is thrown, too.
    logger: silent,
    requestHandler: {
      connectionTimeout: 10_000,
      socketTimeout: 60_000,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(endpoint === undefined
      ? {}
      : {
          endpoint,
          // Checksums that only AWS knows, in a framing that only AWS takes: other stores get them
          // where a call must.
          requestChecksumCalculation: 'WHEN_REQUIRED',
          responseChecksumValidation: 'WHEN_REQUIRED',
        }),
    ...(credentials === undefined ? {} : { credentials: readCredentials(credentials, env) }),
  })
}

/**
 * What two mirrors must share for one to be copied to the other inside the store: the endpoint and
 * the account. AWS copies between regions, but not between partitions.
 */
export function storeName({ endpoint, credentials, signingRegion }: StoreSettings): string {
  const partition = /^(?:cn|us-gov|eusc)(?=-)/.exec(signingRegion)?.[0] ?? 'aws'
  return `${endpoint ?? partition} ${credentials ?? ''}`
}
