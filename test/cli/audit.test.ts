import { expect, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createConfiguredWorld } from './configured-world.ts'

const west = 'mirror-eu-west-1'
const app = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })
const [config, layer] = app.blobs.map(({ descriptor }) => descriptor.digest)

async function filledWorld() {
  const world = await createConfiguredWorld()
  push(world.registry, 'app', app, '1.0')
  expect((await world.run('sync')).code).toBe(0)
  return world
}

test('sound mirrors are said to be, and the exit code is 0', async () => {
  const { run } = await filledWorld()
  const { code, out } = await run('audit', '--deep', 'all')
  expect(code).toBe(0)
  expect(out).toMatch(/^index generation \d+: no defects\n {2}aws\/us-east-1: 3 blobs \(/)
  expect(out).toMatch(/3 blobs proven, \d by the store's checksum, \d by reading \(.*\), 0 wrong/)
})

test('defects are named with what mends them, and the exit code is 1', async () => {
  const world = await filledWorld()
  world.store.deleteObject(west, `containers/images/${layer}`)
  const { code, out } = await world.run('audit')
  expect(code).toBe(1)
  expect(out).toMatch(/^index generation \d+: 2 defects\n/)
  expect(out).toContain('1 missing: nearport audit --repair, or the next sync, brings them')
  expect(out).toContain('1 in the index and not there, so that pulls fail')
  expect(out).toMatch(new RegExp(`^ {6}${layer}, wanted \\d.*B$`, 'm'))

  const repaired = await world.run('audit', '--repair')
  expect(repaired.code).toBe(0)
  expect(repaired.out).toMatch(/no defects \(2 before the repair\)/)
  expect((await world.run('audit')).code).toBe(0)
})

test('wrong bytes are found by reading, written anew, and told to machines', async () => {
  const world = await filledWorld()
  const key = `containers/images/${config}`
  const { bytes } = world.store.findObject(west, key)!
  world.store.putObject(west, key, new Uint8Array(bytes.length))
  expect((await world.run('audit')).code).toBe(0)
  const deep = await world.run('audit', '--deep', 'all', '--json')
  expect(deep.code).toBe(1)
  expect(JSON.parse(deep.out)).toMatchObject({ mirrors: [{}, { counts: { 'wrong-bytes': 1 } }] })
  expect((await world.run('audit', '--deep', 'all', '--repair')).code).toBe(0)
  expect((await world.run('audit', '--deep', 'all')).code).toBe(0)
})

test('where not all can be walked, what is missing is not known', async () => {
  const world = await filledWorld()
  world.file.sync = { repositories: ['app', 'not/there'] }
  const { code, out } = await world.run('audit')
  expect(code).toBe(1)
  expect(out).toContain('not all could be walked: what is missing or extra is not known')
  expect(out).toMatch(/1 problem:\n {2}not\/there: /)
})

test.for<[string, readonly string[], RegExp]>([
  ['a depth there is not', ['--deep', 'most'], /--deep wants sample or all, and got most/],
  ['an argument', ['aws/us-east-1'], /takes no argument, and got aws\/us-east-1/],
])('%s is wrong use', async ([, args, message]) => {
  const { run } = await createConfiguredWorld()
  const { code, err } = await run('audit', ...args)
  expect(code).toBe(2)
  expect(err).toMatch(message)
})
