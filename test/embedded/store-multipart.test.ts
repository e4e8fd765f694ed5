import { createHash } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { Bucket, body, bodySha256, useStore } from './store-fixture.ts'

const running = useStore()

test('the SHA-256 of a multipart object is that of its parts, and the whole’s is refused', async () => {
  const upload = await running.startUpload('parts', { ChecksumAlgorithm: 'SHA256' })
  const ChecksumSHA256 = createHash('sha256').update(body.subarray(0, 5000)).digest('base64')
  const Parts = []
  for (const PartNumber of [1, 2]) {
    const { ETag } = await running.client.send(
      new UploadPartCommand({
        ...upload,
        PartNumber,
        Body: body.subarray(0, 5000),
        ChecksumSHA256,
      }),
    )
    Parts.push({ PartNumber, ETag, ChecksumSHA256 })
  }
  const complete = { ...upload, MultipartUpload: { Parts } }
  const whole = new CompleteMultipartUploadCommand({ ...complete, ChecksumSHA256: bodySha256 })
  await expect(running.client.send(whole)).rejects.toMatchObject({ name: 'BadDigest' })

  const done = await running.client.send(new CompleteMultipartUploadCommand(complete))
  expect(done.ChecksumSHA256).toMatch(/=-2$/)
  expect(running.store.openUploads(Bucket)).toBe(0)
})

test.for<[string, number[], string]>([
  ['a part that never came', [1, 3], 'InvalidPart'],
  ['parts out of order', [2, 1], 'InvalidPartOrder'],
  ['a small part before the last', [1, 2], 'EntityTooSmall'],
])('%s keeps an upload from completing', async ([, numbers, code]) => {
  const upload = await running.startUpload('parts')
  const etags = new Map<number, string | undefined>()
  for (const PartNumber of [1, 2]) {
    const { ETag } = await running.client.send(
      new UploadPartCommand({ ...upload, PartNumber, Body: 'x' }),
    )
    etags.set(PartNumber, ETag)
  }
  const Parts = numbers.map((PartNumber) => ({ PartNumber, ETag: etags.get(PartNumber) ?? '"0"' }))
  const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })
  await expect(running.client.send(complete)).rejects.toMatchObject({ name: code })
  expect(running.store.keys(Bucket)).toEqual([])
  expect(running.store.openUploads(Bucket)).toBe(1)
})

test('a part may be copied from a range of another object', async () => {
  await running.put('source')
  const upload = await running.startUpload('copied')
  const { CopyPartResult } = await running.client.send(
    new UploadPartCopyCommand({
      ...upload,
      PartNumber: 1,
      CopySource: `${Bucket}/source`,
      CopySourceRange: 'bytes=10-19',
    }),
  )
  const Parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]
  await running.client.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
  )
  expect(running.store.findObject(Bucket, 'copied')?.bytes).toEqual(body.subarray(10, 20))
})

test.for([0, 10_001])('%i is no part number', async (PartNumber) => {
  const upload = await running.startUpload('parts')
  const part = new UploadPartCommand({ ...upload, PartNumber, Body: 'x' })
  await expect(running.client.send(part)).rejects.toMatchObject({ name: 'InvalidArgument' })
})

test('an upload that is not there, or was of another key, is NoSuchUpload', async () => {
  const upload = await running.startUpload('parts')
  for (const other of [{ UploadId: 'never' }, { Key: 'other' }]) {
    const part = new UploadPartCommand({ ...upload, ...other, PartNumber: 1, Body: 'x' })
    await expect(running.client.send(part)).rejects.toMatchObject({ name: 'NoSuchUpload' })
  }
})

test('an upload does not complete over a key that was written meanwhile, where that was asked for', async () => {
  const upload = await running.startUpload('parts')
  const { ETag } = await running.client.send(
    new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'x' }),
  )
  await running.put('parts')
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  const complete = { ...upload, MultipartUpload }
  const once = new CompleteMultipartUploadCommand({ ...complete, IfNoneMatch: '*' })
  await expect(running.client.send(once)).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await running.client.send(new CompleteMultipartUploadCommand(complete))
  expect(running.store.findObject(Bucket, 'parts')?.bytes.byteLength).toBe(1)
})
