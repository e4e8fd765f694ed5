import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import { expect, inject, test } from 'vitest'
import { canaryOf } from '../../src/sync/publish/canary.ts'
import { storeClient } from './parts/buckets.ts'
import { run } from './parts/process.ts'

// Buckets that `nearport mirrors create` makes in a real store, and what the public sees of them.
const parts = inject('parts')
const { store } = parts
const ids = ['aws/us-east-1', 'aws/eu-west-1'] as const

/** Runs `nearport mirrors …` for two mirrors in buckets of this name, and gives what it says. */
async function createCli(name: string) {
  const folder = join(parts.scratch, `mirrors-${name}`)
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'nearport.json')
  const bucketOf = (id: string) => `${name}-${id.slice('aws/'.length)}`
  const config = {
    upstreams: [{ registry: parts.registry.url }],
    mirrors: ids.map((id) => ({
      id,
      bucket: bucketOf(id),
      endpoint: store.endpoint,
      forcePathStyle: true,
    })),
  }
  await writeFile(path, JSON.stringify(config))
  const env = { AWS_ACCESS_KEY_ID: store.accessKeyId, AWS_SECRET_ACCESS_KEY: store.secretAccessKey }
  const nearport = async (...args: readonly string[]) => {
    const command = [process.execPath, 'src/cli/main.ts', ...args, '--config', path]
    const line = ['sh', '-c', '"$@"; echo "exit $?"', 'sh', ...command] as const
    const { stdout } = await run(line, { env })
    const [, out, code] = /^([^]*)exit (\d+)\n$/.exec(stdout)!
    return { out: out!, code: Number(code) }
  }
  return { nearport, bucketOf, urlOf: (id: string) => `${store.endpoint}/${bucketOf(id)}` }
}

test('makes buckets that anyone may read and nobody may list, and a second time changes nothing', async () => {
  const { nearport, bucketOf, urlOf } = await createCli('made')
  const planned = await nearport('mirrors', 'create', '--dry-run')
  expect([planned.code, planned.out]).toEqual([0, expect.stringContaining('bucket: would be done')])
  expect((await fetch(urlOf(ids[0]))).status).toBe(404)

  const made = await nearport('mirrors', 'create')
  expect(made).toEqual({ code: 0, out: expect.any(String) })
  for (const what of ['bucket', 'marker', 'policy', 'lifecycle', 'canary']) {
    expect(made.out).toContain(`  ${what}: done`)
  }
  expect(made.out).toContain('  object ownership: not known by this store')
  for (const id of ids) {
    const canary = canaryOf(id)
    const read = await fetch(`${urlOf(id)}/containers/images/${canary.digest}`)
    expect([read.status, await read.text()]).toEqual([200, canary.bytes.toString()])
    expect((await fetch(`${urlOf(id)}/?list-type=2`)).status).toBe(403)
    expect((await fetch(`${urlOf(id)}/nearport/mirror.json`)).status).toBe(403)
    expect((await fetch(`${urlOf(id)}/containers/images/x`, { method: 'PUT' })).status).toBe(403)
  }
  const client = storeClient(store)
  const Bucket = bucketOf(ids[0])
  const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
  client.destroy()
  expect(Rules).toMatchObject([
    { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } },
  ])

  const again = await nearport('mirrors', 'create')
  expect(again.code).toBe(0)
  expect(again.out).not.toMatch(/: (?:done|failed|refused)/)
  const checked = await nearport('mirrors', 'check')
  expect(checked).toEqual({ out: ids.map((id) => `${id}: nothing is wrong\n`).join(''), code: 0 })
})

test('fills what was made, says that it serves, and goes back', async () => {
  const { nearport, urlOf } = await createCli('made')
  const empty = await nearport('mirrors')
  expect([empty.code, empty.out]).toEqual([1, expect.stringContaining('no index is published')])
  const pointerOf = async (id: string) =>
    (await (await fetch(`${urlOf(id)}/nearport/index/current.json`)).json()) as {
      readonly generation: number
      readonly pinned?: { readonly generation: number }
    }

  expect(await nearport('sync')).toEqual({ code: 0, out: expect.any(String) })
  const first = await pointerOf(ids[0])
  const serving = await nearport('mirrors', 'list')
  expect([serving.code, serving.out.match(/, serves$/gm)?.length]).toEqual([0, 2])
  const back = await nearport('mirrors', 'rollback', String(first.generation))
  expect([back.code, back.out]).toEqual([0, expect.stringContaining('nearport mirrors release')])
  for (const id of ids) {
    const pointer = await pointerOf(id)
    expect(pointer.pinned?.generation).toBe(first.generation)
    expect(pointer.generation).toBeGreaterThan(first.generation)
  }
  const listed = await nearport('mirrors', 'generations')
  expect(listed.out.match(/, pinned to \d+,/g)?.length).toBe(1)
  expect(await nearport('sync')).toEqual({ code: 0, out: expect.any(String) })
  expect((await pointerOf(ids[1])).pinned?.generation).toBe(first.generation)
  expect((await nearport('mirrors', 'release')).code).toBe(0)
  expect((await pointerOf(ids[1])).pinned).toBeUndefined()
})

test('refuses a bucket that somebody else owns', async () => {
  const config = join(parts.scratch, 'store/ceph/ceph.conf')
  const user = ['--uid=other', '--display-name=other', '--access-key=AKOTHER', '--secret-key=SKO']
  await run(['radosgw-admin', '-c', config, '-n', 'client.rgw', 'user', 'create', ...user])
  const other = storeClient({ ...store, accessKeyId: 'AKOTHER', secretAccessKey: 'SKO' })
  await other.send(new CreateBucketCommand({ Bucket: 'theirs-us-east-1' }))
  other.destroy()
  const { nearport } = await createCli('theirs')
  const { code, out } = await nearport('mirrors', 'create', 'aws/us-east-1')
  expect(code).toBe(1)
  expect(out).toContain('bucket: refused (the bucket theirs-us-east-1 belongs to somebody else')
  const checked = await nearport('mirrors', 'check', 'aws/us-east-1')
  expect([checked.code, checked.out]).toEqual([1, expect.stringContaining('is somebody else')])
})

test('keeps what others wrote into the policy, and says what of it is too much', async () => {
  const { nearport, bucketOf } = await createCli('shared')
  const [id] = ids
  const Bucket = bucketOf(id)
  expect((await nearport('mirrors', 'create', id)).code).toBe(0)
  const client = storeClient(store)
  const theirs = {
    Sid: 'Theirs',
    Effect: 'Allow',
    Principal: '*',
    Action: ['s3:ListBucket'],
    Resource: [`arn:aws:s3:::${Bucket}`],
  }
  const put = (statement: object) =>
    client.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      }),
    )
  await put(theirs)
  await client.send(new DeleteBucketLifecycleCommand({ Bucket }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'other', Body: 'x' }))
  const faulty = await nearport('mirrors', 'check', id)
  expect(faulty.code).toBe(1)
  expect(faulty.out).toContain(
    'wrong: the policy does not let anyone read containers/images/sha256*',
  )
  expect(faulty.out).toContain('gives the public more than it needs: s3:ListBucket on')
  expect(faulty.out).toContain('anyone may list')
  expect(faulty.out).toContain('no rule ends uploads')

  expect((await nearport('mirrors', 'create', id)).code).toBe(0)
  const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket }))
  const { Statement } = JSON.parse(Policy!) as { readonly Statement: readonly { Sid: string }[] }
  expect(Statement.map(({ Sid }) => Sid)).toEqual([
    'Theirs',
    'NearportReadBlobs',
    'NearportReadIndex',
  ])
  expect(Statement[0]).toEqual(theirs)
  const mended = await nearport('mirrors', 'check', id)
  expect([mended.code, mended.out]).toEqual([0, expect.not.stringContaining('wrong:')])

  const blocked = { BlockPublicPolicy: true, RestrictPublicBuckets: true }
  await client.send(
    new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: blocked }),
  )
  client.destroy()
  const closed = await nearport('mirrors', 'check', id)
  expect([closed.code, closed.out]).toEqual([
    1,
    expect.stringContaining('in the way: BlockPublicPolicy and RestrictPublicBuckets'),
  ])
  expect((await nearport('mirrors', 'create', id)).code).toBe(0)
  expect((await nearport('mirrors', 'check', id)).code).toBe(0)
})
