import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { hashedPart, openIndex } from '../../../src/core/blob-index.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { parseIndexPointer } from '../../../src/core/index-pointer.ts'
import type { Blobs } from './images-many.ts'

const blobPrefix = 'containers/images/'
const indexPrefix = 'nearport/index/'

/** Every key of a bucket, and its size in bytes. */
export async function listBucket(
  client: S3Client,
  bucket: string,
): Promise<ReadonlyMap<string, number>> {
  const keys = new Map<string, number>()
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key, Size } of Contents) keys.set(Key!, Size!)
  }
  return keys
}

/** The blobs that a bucket lists. */
export async function blobsIn(client: S3Client, bucket: string): Promise<Blobs> {
  const keys = [...(await listBucket(client, bucket))]
  return new Map(
    keys
      .filter(([key]) => key.startsWith(blobPrefix))
      .map(([key, sizeBytes]) => [key.slice(blobPrefix.length) as Digest, sizeBytes]),
  )
}

/** Reads every blob of a bucket to its end; returns those whose bytes are others. */
export async function wrongBlobs(client: S3Client, bucket: string): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const [digest, sizeBytes] of await blobsIn(client, bucket)) {
    const Key = `${blobPrefix}${digest}`
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
    const hash = createHash('sha256')
    let readBytes = 0
    for await (const chunk of Body as Readable) {
      hash.update(chunk as Buffer)
      readBytes += (chunk as Buffer).length
    }
    const got = `sha256:${hash.digest('hex')}`
    if (got !== digest || readBytes !== sizeBytes) wrong.push(`${digest} is ${got}`)
  }
  return wrong
}

/** Keys of multipart uploads that are neither completed nor aborted. */
export async function openUploads(client: S3Client, bucket: string): Promise<readonly string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads.map(({ Key }) => Key!)
}

/**
 * What the index published in a bucket says of a mirror, beside the blobs that the mirror's bucket
 * lists: how many it says are there, and how many of these are not. Undefined: there is no index.
 * Throws where what is published is not whole.
 */
export async function compareIndex(
  client: S3Client,
  bucket: string,
  mirrorId: string,
): Promise<{ readonly said: number; readonly lacking: number } | undefined> {
  const pointerBytes = await read(client, bucket, `${indexPrefix}current.json`)
  if (pointerBytes === undefined) return undefined
  const pointer = parseIndexPointer(new TextDecoder().decode(pointerBytes), indexPrefix)
  if (typeof pointer === 'string') throw new Error(`current.json in ${bucket}: ${pointer}`)
  const bytes = await read(client, bucket, pointer.key)
  if (bytes === undefined) throw new Error(`${bucket} has no ${pointer.key}`)
  if (createHash('sha256').update(bytes).digest('hex') !== pointer.sha256) {
    throw new Error(`${pointer.key} in ${bucket} is not what current.json says`)
  }
  const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())

  const mirror = index.mirrors.findIndex(({ id }) => id === mirrorId)
  if (mirror < 0) return { said: 0, lacking: 0 }
  const there = new Set<number>()
  for (const [digest, sizeBytes] of await blobsIn(client, bucket)) {
    const row = index.find(digest)
    if (row >= 0 && index.sizeBytes(row) === sizeBytes) there.add(row)
  }
  const said = Array.from({ length: index.blobs }, (_, row) => row).filter((row) =>
    index.holds(row, mirror),
  )
  return { said: said.length, lacking: said.filter((row) => !there.has(row)).length }
}

/** Deletes everything in a bucket. */
export async function emptyBucket(client: S3Client, bucket: string): Promise<void> {
  const keys = [...(await listBucket(client, bucket)).keys()]
  for (let at = 0; at < keys.length; at += 1000) {
    const Objects = keys.slice(at, at + 1000).map((Key) => ({ Key }))
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }))
  }
}

async function read(client: S3Client, bucket: string, key: string) {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return await Body!.transformToByteArray()
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return undefined
    throw error
  }
}
