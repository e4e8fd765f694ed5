import { expect, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createConfiguredWorld } from './configured-world.ts'

const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })
const old = imageNamed('old')
const layer = old.blobs[1]!.descriptor.digest

async function worldWithOld() {
  const world = await createConfiguredWorld()
  world.file.prune = { largestShare: 0.5 }
  for (const name of 'abc') push(world.registry, 'app', imageNamed(name), name)
  push(world.registry, 'app', old, 'old')
  expect((await world.run('sync')).code).toBe(0)
  world.registry.deleteTag('app', 'old')
  return world
}

test('a dry run says what would be done and why, and does nothing', async () => {
  const world = await worldWithOld()
  const { code, out } = await world.run('prune', '--dry-run')
  expect(code).toBe(0)
  expect(out).toMatch(
    /^aws\/us-east-1: 9 blobs \(.*\), dry run\n {2}2 blobs \(.*\) would leave the/,
  )
  expect(out).toMatch(new RegExp(`${layer} \\(.*\\): no image needs it, seen first at 20`))
  expect(world.store.keys('mirror-us-east-1', 'nearport/condemned')).toEqual([])
})

test('what leaves the index waits for its grace, and is wanted again when an image wants it', async () => {
  const world = await worldWithOld()
  const first = await world.run('prune')
  expect(first.code).toBe(0)
  expect(first.out).toMatch(/, pruned\n {2}2 blobs \(.*\) left the index, to be deleted later/)
  const second = await world.run('prune')
  expect(second.out).toMatch(/2 blobs \(.*\) wait until they may be deleted, the first at 20/)
  push(world.registry, 'app', old, 'old')
  expect((await world.run('prune')).out).toContain('2 blobs wanted again')
})

test('more than a share of a mirror is held back, unless it is forced', async () => {
  const world = await worldWithOld()
  world.file.prune = { largestShare: 0.01 }
  const held = await world.run('prune')
  expect(held.code).toBe(1)
  expect(held.out).toContain('held back: more than prune.largestShare, --force does it')
  expect((await world.run('prune', '--force')).code).toBe(0)
})

test('for machines it is JSON', async () => {
  const { run } = await worldWithOld()
  const { out } = await run('prune', '--dry-run', '--json')
  expect(JSON.parse(out)).toMatchObject({
    dryRun: true,
    mirrors: [{ condemned: { blobs: 2 } }, {}],
  })
})

test('an argument is wrong use', async () => {
  const { run } = await createConfiguredWorld()
  const { code, err } = await run('prune', 'all')
  expect(code).toBe(2)
  expect(err).toContain('prune takes no argument, and got all')
})
