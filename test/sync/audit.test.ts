import { expect, test } from 'vitest'
import { corrupted } from '../../src/embedded/fault.ts'
import type { Image } from '../../src/embedded/images.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import type { AuditOptions, AuditSummary } from '../../src/sync/audit.ts'
import { runAudit } from '../../src/sync/audit.ts'
import type { World } from './world.ts'
import { asked, createWorld, env, patience } from './world.ts'

const [east, west] = ['mirror-us-east-1', 'mirror-eu-west-1'] as const
const prefix = 'containers/images/'
const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })
const keyOf = (image: Image, at = 0) => prefix + image.blobs[at]!.descriptor.digest
const [one, two, gone] = ['one', 'two', 'gone'].map(imageNamed) as [Image, Image, Image]

async function filledWorld(): Promise<World> {
  const world = await createWorld()
  push(world.registry, 'app', one, '1')
  push(world.registry, 'app', two, '2')
  push(world.registry, 'app', gone, 'gone')
  expect((await world.sync()).problems).toEqual([])
  world.registry.deleteTag('app', 'gone')
  return world
}

function audit(world: World, options: AuditOptions = {}): Promise<AuditSummary> {
  const stop = new AbortController().signal
  const deps = { now: Date.now, record: () => {}, env, stop, patience }
  return runAudit(world.config(), deps, options)
}

const kinds = ({ mirrors }: AuditSummary) =>
  mirrors.map(({ counts }) =>
    Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
  )

test('sound mirrors have no defects, and what nobody wants is only told', async () => {
  const world = await filledWorld()
  world.store.requests.length = 0
  const ran = await audit(world, { deep: 'all' })
  expect(ran).toMatchObject({
    isComplete: true,
    defects: 0,
    problems: [],
    mirrors: [
      { id: 'aws/us-east-1', state: 'audited', isIndexed: true, blobs: 7 },
      { id: 'aws/eu-west-1' },
    ],
  })
  expect(kinds(ran)).toEqual([{ extra: 2 }, { extra: 2 }])
  const [proof] = ran.mirrors.map((each) => each.proof)
  expect(proof!.byStore + proof!.byReading).toBe(7)
  expect(asked(world.store, 'PUT')).toEqual([])
})

/** Everything that can be wrong with a mirror, and what the audit calls it. */
const damages: readonly [string, (world: World) => void, object, AuditOptions][] = [
  [
    'a blob that is gone',
    (world) => void world.store.deleteObject(west, keyOf(one)),
    { missing: 1, 'indexed-not-there': 1, extra: 2 },
    {},
  ],
  [
    'an unwanted blob that is gone, and still indexed',
    (world) => void world.store.deleteObject(west, keyOf(gone)),
    { 'indexed-not-there': 1, extra: 1 },
    {},
  ],
  [
    'a blob of another size',
    (world) => world.store.putObject(west, keyOf(one), Buffer.from('short')),
    { 'wrong-size': 1, 'indexed-not-there': 1, extra: 2 },
    {},
  ],
  [
    'other bytes of the same size',
    (world) => {
      const { length } = world.store.findObject(west, keyOf(one))!.bytes
      world.store.putObject(west, keyOf(one), Buffer.alloc(length))
    },
    { 'wrong-bytes': 1, extra: 2 },
    { deep: 'sample' },
  ],
  [
    'other bytes in what nobody wants',
    (world) => {
      const { length } = world.store.findObject(west, keyOf(gone))!.bytes
      world.store.putObject(west, keyOf(gone), Buffer.alloc(length))
    },
    { 'wrong-bytes': 1, extra: 2 },
    { deep: 'all' },
  ],
  [
    'an index that was lost',
    (world) => {
      for (const bucket of [east, west]) {
        for (const key of world.store.keys(bucket, 'nearport/index/')) {
          world.store.deleteObject(bucket, key)
        }
      }
      world.store.deleteObject(west, keyOf(two))
    },
    { missing: 1, 'not-indexed': 5, extra: 2 },
    {},
  ],
]

test.for(damages)('%s is found, and is repaired', async ([, damage, wanted, options]) => {
  const world = await filledWorld()
  damage(world)
  const found = await audit(world, options)
  expect(found.defects).toBeGreaterThan(0)
  expect(kinds(found)[1]).toEqual(wanted)
  expect(found.mirrors[1]!.examples.length).toBeGreaterThan(0)

  const repaired = await audit(world, { ...options, repair: true })
  expect(repaired).toMatchObject({ defects: 0, defectsBefore: found.defects, problems: [] })
  expect(await audit(world, { deep: 'all' })).toMatchObject({ defects: 0, problems: [] })
})

test('a repair that the upstream cannot serve leaves the defect, and says so', async () => {
  const world = await filledWorld()
  for (const bucket of [east, west]) world.store.deleteObject(bucket, keyOf(one))
  world.registry.intercept = async (request, next) =>
    request.url.includes('/blobs/') ? corrupted(await next()) : undefined
  const ran = await audit(world, { repair: true })
  expect(ran.defects).toBe(2)
  expect(ran.problems.length).toBeGreaterThan(0)
  expect(ran.mirrors.every(({ counts }) => counts['indexed-not-there'] === 0)).toBe(true)
})

test('a walk that fails says nothing of what is wanted, and the index is compared all the same', async () => {
  const world = await filledWorld()
  world.store.deleteObject(west, keyOf(one))
  world.registry.intercept = () => new Response(null, { status: 404 })
  const ran = await audit(world)
  expect(ran).toMatchObject({ isComplete: false, defects: 1 })
  expect(kinds(ran)).toEqual([{}, { 'indexed-not-there': 1 }])
})

test('a bucket that is not ours, or does not answer, is not audited', async () => {
  const world = await filledWorld()
  world.store.putObject(east, 'nearport/mirror.json', Buffer.from('{"nearport":1,"mirror":"x/y"}'))
  const ran = await audit(world)
  expect(ran.mirrors.map(({ state }) => state)).toEqual(['refused', 'audited'])
  expect(ran.problems.map(({ subject }) => subject)).toEqual(['aws/us-east-1'])
})
