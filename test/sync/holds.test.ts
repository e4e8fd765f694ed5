import { expect, test } from 'vitest'
import type { Image } from '../../src/embedded/images.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createWorld } from './world.ts'

const imageNamed = (name: string) =>
  imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] })
const keysOf = (...images: readonly Image[]) =>
  images.flatMap(({ blobs }) =>
    blobs.map(({ descriptor }) => `containers/images/${descriptor.digest}`),
  )

test('a mirror that holds some repositories gets what they name, and no more', async () => {
  const world = await createWorld()
  world.file.mirrors[1]!['holds'] = { repositories: ['team/*', 'app'] }
  const [app, api, other] = ['app', 'api', 'other'].map(imageNamed) as [Image, Image, Image]
  push(world.registry, 'app', app, '1')
  push(world.registry, 'team/api', api, '1')
  push(world.registry, 'other', other, '1')
  push(world.registry, 'other', api, 'shared')
  const ran = await world.sync()

  expect(ran.problems).toEqual([])
  expect(ran.plan).toMatchObject({ wantedBlobs: 6, upstreamReads: 6, writes: 10 })
  const all = world.store.keys('mirror-us-east-1', 'containers/images/')
  const some = world.store.keys('mirror-eu-west-1', 'containers/images/')
  expect(all).toEqual(expect.arrayContaining(keysOf(app, api, other)))
  expect(some).toEqual(expect.arrayContaining(keysOf(app, api)))
  for (const key of keysOf(other)) expect(some).not.toContain(key)
  expect(await world.sync()).toMatchObject({ problems: [], plan: { writes: 0 } })
})
