import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart, openIndex } from '../../src/core/blob-index.ts'
import type { Digest } from '../../src/core/digest.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { isInShard } from '../../src/sync/shard.ts'
import type { World } from './world.ts'
import { asked, createWorld } from './world.ts'

const bucket = 'mirror-us-east-1'
const prefix = 'containers/images/'
const names = ['app', 'team/api', 'team/web', 'tools/a', 'tools/b', 'tools/c', 'x', 'y']
const shard = (index: number, of: number, run = 'run-1') => ({ shard: { index, of, run } })

async function worldOfMany(): Promise<World> {
  const world = await createWorld()
  for (const name of names) {
    const files = [{ path: name, content: name }]
    push(world.registry, name, imageOf({ architecture: 'amd64', files }), '1')
  }
  return world
}

/** Every blob that the bucket has is in the index that its pointer names. */
function expectWholeIndex(world: World): void {
  const text = Buffer.from(world.store.findObject(bucket, 'nearport/index/current.json')!.bytes)
  const { key } = JSON.parse(text.toString()) as { key: string }
  const { bytes } = world.store.findObject(bucket, key)!
  const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  const keys = world.store.keys(bucket, prefix)
  expect(index.blobs).toBeGreaterThanOrEqual(keys.length)
  for (const each of keys) {
    expect(index.find(each.slice(prefix.length) as Digest)).toBeGreaterThanOrEqual(0)
  }
}

test('every repository is one shard’s, whatever their number', () => {
  for (const of of [1, 2, 3, 7, 64]) {
    for (const name of names) {
      const own = Array.from({ length: of }, (_, index) => isInShard(name, { index, of }))
      expect(own.filter(Boolean).length).toBe(1)
    }
  }
})

test('the shard that ends last publishes what all of them have done', async () => {
  const world = await worldOfMany()
  const [first, second] = [await world.sync(shard(0, 3)), await world.sync(shard(2, 3))]
  for (const ran of [first, second]) {
    expect(ran).toMatchObject({
      problems: [],
      publication: 'none',
      mirrors: [{ state: 'filled' }, {}],
    })
  }
  const last = await world.sync(shard(1, 3))
  expect(last).toMatchObject({
    problems: [],
    publication: 'new',
    mirrors: [{ state: 'published' }, { state: 'published' }],
  })
  expect(first.repositories + second.repositories + last.repositories).toBe(names.length)
  const reads = asked(world.registry, 'GET', '/blobs/')
  expect(new Set(reads.map((path) => path.split('/').at(-1))).size).toBe(names.length * 2)
  expectWholeIndex(world)
})

test('shards that run at once, and another whole run beside them, publish one sound index', async () => {
  const world = await worldOfMany()
  const ran = await Promise.all([
    ...[0, 1, 2].map((index) => world.sync(shard(index, 3))),
    world.sync(),
  ])
  expect(ran.flatMap(({ problems }) => problems)).toEqual([])
  expect(ran.filter(({ publication }) => publication !== 'none').length).toBeGreaterThanOrEqual(2)
  expectWholeIndex(world)
  expect(world.store.keys(bucket, prefix).length).toBe(names.length * 2 + 1)
})

test('a shard that has been run again stands for itself alone, and the next run counts anew', async () => {
  const world = await worldOfMany()
  expect((await world.sync(shard(0, 2))).publication).toBe('none')
  expect((await world.sync(shard(0, 2))).publication).toBe('none')
  expect((await world.sync(shard(1, 2))).publication).toBe('new')
  expect((await world.sync(shard(1, 2, 'run-2'))).publication).toBe('none')
  expect((await world.sync(shard(0, 2, 'run-2'))).publication).toBe('unchanged')
  const marks = world.store.keys(bucket, 'nearport/shards/')
  expect(marks.filter((key) => key.includes('run-1'))).toEqual([])
})

test('each shard keeps its own part of the ledger, and a whole run takes them over', async () => {
  const world = await worldOfMany()
  for (const index of [0, 1]) await world.sync(shard(index, 2))
  world.registry.requests.length = 0
  const again = [await world.sync(shard(0, 2, 'run-2')), await world.sync(shard(1, 2, 'run-2'))]
  expect(again.reduce((sum, { known }) => sum + known, 0)).toBe(names.length)
  expect(asked(world.registry, 'GET', '/manifests/')).toEqual([])
  expect(await world.sync()).toMatchObject({ problems: [], known: names.length })
  expect(world.store.keys(bucket, 'nearport/ledger/')).toEqual(['nearport/ledger/0-of-1.jsonl.gz'])
})
