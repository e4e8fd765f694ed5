import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { publicReadPolicy } from '../../../src/embedded/store-policy.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { canaryOf } from '../../../src/sync/publish/canary.ts'
import { checkMirror } from '../../../src/sync/mirrors/mirror-check.ts'
import { readMirrorsState } from '../../../src/sync/mirrors/mirror-state.ts'
import type { SyncOptions } from '../../../src/sync/run.ts'
import { runSync } from '../../../src/sync/run.ts'
import { createMirrorWorld, east, eastBucket as Bucket, outcomesOf } from './mirror-world.ts'
import { credentials, env, serve } from '../world.ts'

const path = `containers/images/${canaryOf(east).digest}`

/** A world whose first mirror is private. */
async function createPrivateWorld() {
  const world = await createMirrorWorld()
  const makePrivate = () => (world.file.mirrors[0] = { ...world.file.mirrors[0], private: true })
  const mirror = () => world.config().mirrors[0]!
  return {
    ...world,
    makePrivate,
    url: `${world.storeUrl}/${Bucket}`,
    async sync(options: SyncOptions = {}) {
      world.file.upstreams[0] = { registry: await serve(createRegistry()) }
      const deps = { ...world.deps, env, record: () => {} }
      return (await runSync(world.config(), deps, options)).problems
    },
    async check() {
      const findings = await checkMirror(mirror(), world.deps, { isIndexThere: true })
      return findings.map(({ kind, what, fix }) => `${kind}: ${what} → ${fix}`)
    },
    async givePublic(prefixes: readonly string[]) {
      const { storeUrl: endpoint } = world
      const client = new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials,
      })
      onTestFinished(() => client.destroy())
      const Policy = publicReadPolicy(Bucket, prefixes)
      await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
    },
  }
}

test('a private bucket is made with nothing for the public, and nothing is wrong with it', async () => {
  const world = await createPrivateWorld()
  world.makePrivate()
  expect(outcomesOf(await world.setUp(east))).toMatchObject({
    bucket: 'done',
    'public access block': 'done',
    policy: 'already',
    canary: 'done',
  })
  expect((await fetch(`${world.url}/${path}`)).status).toBe(403)
  await world.publish()
  expect(await world.check()).toEqual([])
  const again = outcomesOf(await world.setUp(east))
  expect(new Set(Object.values(again))).toEqual(new Set(['already']))
})

test('a bucket that was public is closed: what nearport gave to the public it takes away', async () => {
  const world = await createPrivateWorld()
  await world.setUp(east)
  expect((await fetch(`${world.url}/${path}`)).status).toBe(200)

  world.makePrivate()
  expect((await world.check()).join('\n')).toMatch(
    /wrong: the policy gives the public what is private: s3:GetObject on .*wrong: wanted GET \S+ without a signature to be refused, as the mirror is private, got 200 →/s,
  )
  const steps = outcomesOf(await world.setUp(east))
  expect(steps).toMatchObject({ policy: 'done', 'public access block': 'done' })
  expect((await fetch(`${world.url}/${path}`)).status).toBe(403)
  expect(await world.check()).toEqual([])
})

test('a sync leaves a private mirror out that anyone may read, and says so without a signature', async () => {
  const world = await createPrivateWorld()
  world.makePrivate()
  await world.setUp(east)
  const open = await world.sync()
  expect(open.filter(({ subject }) => subject === east)).toEqual([])

  world.store.createBucket(Bucket, { publicPrefixes: ['containers/'] })
  const left = await world.sync({ claim: east })
  const [problem] = left.filter(({ subject }) => subject === east)
  expect(problem?.message).toBe(
    `left out of the index: wanted GET ${world.url}/${path} without a signature to be refused, as the mirror is private, got 200`,
  )
})

test('a store that takes no signature of ours is found out, and the message holds none', async () => {
  const world = await createPrivateWorld()
  world.makePrivate()
  await world.setUp(east)
  world.store.intercept = (request) =>
    request.url.includes('X-Amz-Signature') ? new Response('', { status: 403 }) : undefined
  const [failure] = (await world.sync()).filter(({ subject }) => subject === east)
  expect(failure?.message).toContain(`of the canary from GET ${world.url}/${path}, got 403`)
  const found = (await world.check()).join('\n')
  expect(found).toContain(
    'got 403 → set publicUrl to the store’s own address, as the host is signed',
  )
  expect(found + failure?.message).not.toContain('X-Amz')
  const { mirrors } = await readMirrorsState(world.config(), world.deps)
  expect(mirrors[0]).toMatchObject({ serves: false, why: expect.stringMatching(/got 403$/) })
})

test('where no mirror can be opened, a private one that refuses to be read may be serving: its index stands', async () => {
  const world = await createPrivateWorld()
  world.makePrivate()
  await world.setUp(east)
  world.file.mirrors.splice(1)
  world.file.mirrors[0] = { ...world.file.mirrors[0], credentials: 'NONE' }
  const problems = await world.sync()
  expect(problems.map(({ message }) => message).join('\n')).toContain(
    `clients are still served by ${east}`,
  )
})
