import { expect, test } from 'vitest'
import { readMirrorsState } from '../../../src/sync/mirrors/mirror-state.ts'
import type { MirrorWorld } from './mirror-world.ts'
import { createMirrorWorld, east, eastBucket, ireland } from './mirror-world.ts'

const irelandBucket = 'mirror-eu-west-1'

async function createFilledWorld() {
  const world = await createMirrorWorld()
  await world.setUp(east)
  await world.setUp(ireland)
  const digest = world.putBlob('a', 100, eastBucket, irelandBucket)
  const { generation } = await world.publish()
  const state = async () => readMirrorsState(world.config(), world.deps)
  return { ...world, digest, generation, state }
}

test('mirrors that hold what the index says and pass their trial serve', async () => {
  const { state, generation } = await createFilledWorld()
  const serving = {
    marker: 'ours',
    listed: { blobs: 2 },
    indexed: { blobs: 2, missing: 0, unlisted: 0 },
    danglingUploads: 0,
    canary: undefined,
    serves: true,
    why: undefined,
  }
  expect(await state()).toMatchObject({
    generation,
    pinnedTo: undefined,
    mirrors: [
      { id: east, ...serving },
      { id: ireland, ...serving },
    ],
  })
})

test('what the index does not know yet is no fault', async () => {
  const { state, putBlob } = await createFilledWorld()
  putBlob('b', 5, eastBucket)
  const { mirrors } = await state()
  expect(mirrors[0]).toMatchObject({ indexed: { missing: 0, unlisted: 1 }, serves: true })
})

test.for<[string, (world: MirrorWorld) => unknown, object]>([
  [
    'lost a blob that the index lists',
    ({ store }) =>
      store.deleteObject(
        eastBucket,
        store.keys(eastBucket, 'containers/').find((key) => key.includes('sha256:61'))!,
      ),
    {
      indexed: { blobs: 2, missing: 1, unlisted: 0 },
      why: expect.stringMatching(/^the index sends clients to 1 blobs/),
    },
  ],
  [
    'has a blob of another size than the index says',
    ({ putBlob }) => putBlob('a', 99, eastBucket),
    { indexed: { blobs: 2, missing: 1, unlisted: 1 } },
  ],
  [
    'is another’s',
    ({ store }) =>
      store.putObject(
        eastBucket,
        'nearport/mirror.json',
        Buffer.from('{"nearport":1,"mirror":"aws/x"}'),
      ),
    { marker: 'foreign', why: expect.stringMatching(/that of aws\/x/) },
  ],
  [
    'was emptied',
    ({ store }) => store.createBucket(eastBucket),
    { marker: 'empty', why: expect.stringMatching(/nearport sync fills it/) },
  ],
  [
    'lost its marker',
    ({ store }) => store.deleteObject(eastBucket, 'nearport/mirror.json'),
    { marker: 'unclaimed', why: expect.stringMatching(/--claim aws\/us-east-1$/) },
  ],
  [
    'cannot be reached',
    ({ file }) => (file.mirrors[0] = { ...file.mirrors[0], credentials: 'NONE' }),
    { marker: 'unreachable', why: expect.stringMatching(/NONE_ACCESS_KEY_ID/) },
  ],
  [
    'is read at another address than before',
    ({ file, storeUrl }) => {
      const publicUrl = `${storeUrl.replace('127.0.0.1', 'localhost')}/${eastBucket}`
      file.mirrors[0] = { ...file.mirrors[0], publicUrl }
    },
    { indexed: undefined },
  ],
  [
    'does not let anyone read it',
    ({ store }) =>
      (store.intercept = (request) =>
        request.headers.has('authorization') ? undefined : new Response('', { status: 403 })),
    { canary: expect.stringMatching(/got 403$/), why: expect.stringMatching(/got 403$/) },
  ],
])('a mirror that %s does not serve', async ([, fault, state]) => {
  const world = await createFilledWorld()
  await fault(world)
  expect((await world.state()).mirrors[0]).toMatchObject({ ...state, serves: false })
})

test('before anything is published nothing serves', async () => {
  const world = await createMirrorWorld()
  await world.setUp(east)
  const { generation, mirrors } = await readMirrorsState(world.config(), world.deps)
  expect([generation, mirrors[0]!.why]).toEqual([
    undefined,
    'no index is published: nearport sync does that',
  ])
  expect(mirrors[1]).toMatchObject({ marker: 'unreachable', why: expect.stringMatching(/404/) })
})
