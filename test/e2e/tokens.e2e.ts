import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { blobsIn, emptyBucket, wrongBlobs } from './parts/bucket-content.ts'
import { createMirrorBucket, storeClient } from './parts/buckets.ts'
import type { Blobs } from './parts/images-many.ts'
import { pushBulk } from './parts/images-many.ts'
import { service } from './parts/netns.ts'
import { runSyncProcess } from './parts/sync-process.ts'
import type { TokenRegistry } from './parts/token-registry.ts'
import { startTokenRegistry } from './parts/token-registry.ts'

// An upstream that answers nobody without a token, as Docker Hub and GHCR do.
const parts = inject('parts')
const account = { user: 'mirror', password: 'a pass:word' }
const bucket = 'tokens-us-east-1'
const storeEnv = {
  AWS_ACCESS_KEY_ID: parts.store.accessKeyId,
  AWS_SECRET_ACCESS_KEY: parts.store.secretAccessKey,
}
const hubEnv = { HUB_USERNAME: account.user, HUB_PASSWORD: account.password }

let client: S3Client
let registry: TokenRegistry
const pushed: Record<string, Blobs> = {}
beforeAll(async () => {
  client = storeClient(parts.store)
  await createMirrorBucket(parts.store, bucket)
  const directory = join(parts.scratch, 'token-registry')
  registry = await startTokenRegistry({ host: service.names.both, port: 5020, directory, account })
  for (const repository of ['public/app', 'public/tool', 'private/app']) {
    const layers = [3_000_000, 40_000, 200].map((sizeBytes) => {
      return { name: `${repository} ${sizeBytes}`, sizeBytes }
    })
    const images = ['1.0', '1.1'].map((tag) => ({ repository, tag, layers }))
    pushed[repository] = await pushBulk(registry.url, images, registry.pushHeaders(repository))
  }
})
afterAll(async () => {
  await emptyBucket(client, bucket)
  client.destroy()
  await registry?.stop()
})

test('the registry refuses whoever has no token', async () => {
  const { status, headers } = await fetch(`${registry.url}/v2/public/app/manifests/1.0`)
  expect(status).toBe(401)
  expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="http:/)
})

test('what anyone may pull is mirrored with no name', async () => {
  const from = registry.requests.length
  const run = await sync('anonymous', ['public/app', 'public/tool'])
  expect(run).toMatchObject({ exitCode: 0, summary: { problems: [] } })
  await expectMirrored('public/app', 'public/tool')

  const asked = registry.requests.slice(from)
  expect(asked.map(({ user }) => user)).not.toContain(account.user)
  // One token a repository lasts for all its manifests and blobs; one more may be for a first look.
  expect(asked.length).toBeLessThanOrEqual(3)
})

test('what is not for anyone is a problem by its name, and stops nothing else', async () => {
  const run = await sync('refused', ['private/app', 'public/app'])
  expect(run.exitCode).toBe(1)
  const subjects = run.summary!.problems.map(({ subject }) => subject)
  expect(subjects.every((subject) => subject.startsWith('private/app'))).toBe(true)
  expect(subjects.length).toBeGreaterThan(0)
  await expectMirrored('public/app')
})

test('with credentials all of it is mirrored, and the password is told nobody', async () => {
  const from = registry.requests.length
  const run = await sync('named', ['private/app', 'public/app'], 'HUB')
  expect(run).toMatchObject({ exitCode: 0, summary: { problems: [] } })
  await expectMirrored('private/app', 'public/app', 'public/tool')

  const asked = registry.requests.slice(from)
  expect(new Set(asked.map(({ user }) => user))).toEqual(new Set([account.user]))
  const said = JSON.stringify([run.summary, run.steps])
  expect(said).not.toContain(account.password)
  expect(await readFile(registry.log, 'utf8')).not.toContain(account.password)
})

test('a wrong password is a problem, once, that does not show it', async () => {
  const run = await sync('wrong', ['private/app'], 'HUB', { ...hubEnv, HUB_PASSWORD: 'not-this' })
  expect(run.exitCode).toBe(1)
  expect(run.summary!.problems).toMatchObject([{ message: expect.stringMatching(/\b401\b/) }])
  expect(JSON.stringify([run.summary, run.steps])).not.toContain('not-this')
})

async function expectMirrored(...repositories: readonly string[]): Promise<void> {
  const there = await blobsIn(client, bucket)
  const wanted = repositories.flatMap((name) => [...pushed[name]!])
  expect(wanted.filter(([digest, sizeBytes]) => there.get(digest) !== sizeBytes)).toEqual([])
  expect(await wrongBlobs(client, bucket)).toEqual([])
}

async function sync(
  name: string,
  repositories: readonly string[],
  credentials?: string,
  env: Readonly<Record<string, string>> = hubEnv,
) {
  const folder = join(parts.scratch, `tokens-${name}`)
  await mkdir(folder)
  const configFile = join(folder, 'nearport.json')
  const { endpoint } = parts.store
  const mirror = { id: 'aws/us-east-1', bucket, endpoint, forcePathStyle: true }
  const config = {
    upstreams: [{ registry: registry.url, ...(credentials === undefined ? {} : { credentials }) }],
    mirrors: [{ ...mirror, publicUrl: `${endpoint}/${bucket}` }],
    sync: { repositories },
  }
  await writeFile(configFile, JSON.stringify(config))
  // Whoever runs the tests may be logged in somewhere.
  return runSyncProcess(configFile, { ...storeEnv, ...env, DOCKER_CONFIG: folder, HOME: folder })
}
