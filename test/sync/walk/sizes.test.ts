import { expect, test } from 'vitest'
import { contentOf, manifestOf, push } from '../../../src/embedded/images.ts'
import type { World } from '../world.ts'
import { asked, createWorld } from '../world.ts'

// One wrong manifest must not cost the others their blob.
const layer = contentOf('application/vnd.oci.image.layer.v1.tar', 'layer')
const lie = { ...layer, descriptor: { ...layer.descriptor, size: 999 } }
const config = contentOf('application/vnd.oci.image.config.v1+json', '{"x":1}')
const { digest } = layer.descriptor

/**
 * A good image that was mirrored, and then another repository, first in order, whose manifest is
 * wrong.
 */
async function createLiedToWorld(): Promise<World> {
  const world = await createWorld()
  world.file.sync = { concurrency: 1 }
  push(world.registry, 'good', manifestOf('oci', config, [layer]), '1')
  await world.sync()
  push(world.registry, 'a-liar', manifestOf('oci', config, [lie]), '1')
  world.registry.requests.length = 0
  world.store.requests.length = 0
  return world
}

const publishedBlobs = (ran: { events: readonly { step: string }[] }) =>
  ran.events.find(({ step }) => step === 'published')

test('a wrong size in one manifest is named, and a good blob stays in the index', async () => {
  const world = await createLiedToWorld()
  const ran = await world.sync()
  expect(ran.problems).toEqual([
    {
      subject: `a-liar@${digest}`,
      message: 'wanted one size of a blob, got 5 in good, 999 in a-liar: the upstream has 5',
    },
  ])
  // The image's two, and a canary each.
  expect(publishedBlobs(ran)).toMatchObject({ blobs: 4, how: 'unchanged' })
  expect(asked(world.registry, 'HEAD', digest).length).toBe(1)
  expect(asked(world.registry, 'GET', '/blobs/')).toEqual([])
})

test('where the upstream does not know the size either, the blob stays as the mirrors list it', async () => {
  const world = await createLiedToWorld()
  world.registry.intercept = (request) =>
    request.method === 'HEAD' && request.url.endsWith(digest)
      ? new Response(null, { status: 403 })
      : undefined
  const ran = await world.sync()
  expect(ran.problems).toEqual([
    {
      subject: `a-liar@${digest}`,
      message: expect.stringMatching(/got 5 in good, 999 in a-liar: upstream answered 403 to HEAD/),
    },
  ])
  expect(publishedBlobs(ran)).toMatchObject({ blobs: 4, how: 'unchanged' })
  // Both repositories were asked; nothing was written over.
  expect(asked(world.registry, 'HEAD', digest).length).toBe(2)
  expect(asked(world.store, 'PUT', 'containers')).toEqual([])
})

test('a stop settles nothing and blames nobody', async () => {
  const world = await createLiedToWorld()
  const stop = new AbortController()
  world.registry.intercept = (request) => {
    if (request.method === 'HEAD') stop.abort()
    return undefined
  }
  const ran = await world.sync({}, stop.signal)
  expect(ran.problems.map(({ subject }) => subject)).toEqual(['sync'])
})
