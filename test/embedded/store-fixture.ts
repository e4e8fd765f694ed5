import { createHash } from 'node:crypto'
import {
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterEach, beforeEach } from 'vitest'
import { type Served, serveEmbedded } from '../../src/embedded/serve.ts'
import { type Store, createStore } from '../../src/embedded/store.ts'
import { clientOf, fixedBytes } from './store-conformance.ts'

export const credentials = { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' }
export const Bucket = 'images'
export const body = fixedBytes('body', 100_000)
export const bodySha256 = createHash('sha256').update(body).digest('base64')

/**
 * The store of the test that is running: on a real port, with one empty bucket, and parts of 1,000
 * bytes or more.
 */
export type RunningStore = {
  store: Store
  served: Served
  /** Of the region us-east-1; it asks once. */
  client: S3Client
  /** The store's clock; the client has its own. */
  nowMs: number
  readonly clientFor: (region: string) => S3Client
  readonly put: (
    Key: string,
    input?: Partial<PutObjectCommandInput>,
  ) => Promise<PutObjectCommandOutput>
  readonly startUpload: (
    Key: string,
    input?: Partial<CreateMultipartUploadCommandInput>,
  ) => Promise<{ Bucket: string; Key: string; UploadId: string | undefined }>
}

/** Starts a store before each test of a file, and closes it after. */
export function useStore(): RunningStore {
  const functions = {
    clientFor: (region: string) => {
      return clientOf({ endpoint: running.served.url, region, ...credentials })
    },
    put: (Key: string, input: Partial<PutObjectCommandInput> = {}) =>
      running.client.send(new PutObjectCommand({ Bucket, Key, Body: body, ...input })),
    startUpload: async (Key: string, input: Partial<CreateMultipartUploadCommandInput> = {}) => {
      const create = new CreateMultipartUploadCommand({ Bucket, Key, ...input })
      const { UploadId } = await running.client.send(create)
      return { Bucket, Key, UploadId }
    },
  }
  // Filled before the first test.
  const running = { ...functions } as RunningStore

  beforeEach(async () => {
    running.nowMs = Date.now()
    running.store = createStore({
      ...credentials,
      minimumPartBytes: 1000,
      now: () => running.nowMs,
    })
    running.store.createBucket(Bucket)
    running.served = await serveEmbedded(running.store.fetch)
    running.client = functions.clientFor('us-east-1')
  })
  afterEach(async () => {
    running.client.destroy()
    await running.served.close()
  })
  return running
}
