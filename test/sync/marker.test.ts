import { expect, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import { asked, createWorld, mirrorOf, publicPrefixes } from './world.ts'

const bucket = 'mirror-us-east-1'
const markerKey = 'nearport/mirror.json'
const app = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })

async function createOneMirrorWorld() {
  const world = await createWorld()
  push(world.registry, 'app', app, '1.0')
  world.file.mirrors = [mirrorOf('us-east-1', world.storeUrl)]
  const marker = () => {
    const object = world.store.findObject(bucket, markerKey)
    return object && JSON.parse(Buffer.from(object.bytes).toString())
  }
  return { ...world, marker }
}

test('an empty bucket is claimed, once', async () => {
  const world = await createOneMirrorWorld()
  expect((await world.sync()).events).toContainEqual(expect.objectContaining({ step: 'claimed' }))
  expect(world.marker()).toMatchObject({ nearport: 1, mirror: 'aws/us-east-1' })
  expect((await world.sync()).events).not.toContainEqual(
    expect.objectContaining({ step: 'claimed' }),
  )
})

test('a dry run claims nothing', async () => {
  const world = await createOneMirrorWorld()
  expect((await world.sync({ dryRun: true })).problems).toEqual([])
  expect(world.marker()).toBeUndefined()
})

test('a store without conditional writes is claimed all the same', async () => {
  const world = await createOneMirrorWorld()
  world.store.intercept = (request) =>
    request.headers.has('if-none-match')
      ? new Response('<Error><Code>NotImplemented</Code></Error>', { status: 501 })
      : undefined
  expect((await world.sync()).problems).toEqual([])
  expect(world.marker()).toMatchObject({ mirror: 'aws/us-east-1' })
})

test('objects and no marker: refused with the way out, which works', async () => {
  const world = await createOneMirrorWorld()
  world.store.putObject(bucket, 'backups/db.sql', Buffer.from('precious'))
  const ran = await world.sync()
  expect(ran.problems[0]).toEqual({
    subject: 'aws/us-east-1',
    message: `the bucket ${bucket} holds objects and no ${markerKey}: if it is this mirror's, say --claim aws/us-east-1`,
  })
  expect(ran.mirrors).toMatchObject([{ state: 'refused' }])
  expect(asked(world.store, 'PUT')).toEqual([])

  expect((await world.sync({ claim: 'aws/eu-west-1' })).mirrors).toMatchObject([
    { state: 'refused' },
  ])
  expect((await world.sync({ claim: 'aws/us-east-1' })).problems).toEqual([])
  expect((await world.sync()).problems).toEqual([])
})

test.for<[string, string, RegExp]>([
  [
    'of another mirror',
    '{"nearport":1,"mirror":"aws/eu-west-1"}',
    /^wanted the bucket of aws\/us-east-1, got that of aws\/eu-west-1/,
  ],
  [
    'of another version',
    '{"nearport":2,"mirror":"aws/us-east-1"}',
    /^wanted \{"nearport":1,"mirror":"aws\/us-east-1"\}/,
  ],
  ['that is none', 'hello', /got "hello"$/],
  ['that is empty', 'null', /got "null"$/],
])('a marker %s is respected, whatever is claimed', async ([, text, message]) => {
  const world = await createOneMirrorWorld()
  world.store.putObject(bucket, markerKey, Buffer.from(text))
  const ran = await world.sync({ claim: 'aws/us-east-1' })
  expect(ran.problems[0]).toEqual({
    subject: 'aws/us-east-1',
    message: expect.stringMatching(message),
  })
  expect(asked(world.store, 'PUT')).toEqual([])
})

test('two mirrors in one bucket: one has it, the other is refused', async () => {
  const world = await createOneMirrorWorld()
  world.store.createBucket(bucket, { publicPrefixes })
  world.file.mirrors.push({ ...mirrorOf('eu-west-1', world.storeUrl), bucket })
  const ran = await world.sync()
  expect(ran.mirrors.map(({ state }) => state).toSorted()).toEqual(['published', 'refused'])
})

test('of two first runs at once, the one that is late finds the marker that it did not see at first', async () => {
  const world = await createOneMirrorWorld()
  let isFirst = true
  world.store.intercept = async (request, next) => {
    if (!isFirst || request.method !== 'GET' || !request.url.includes('mirror.json'))
      return undefined
    isFirst = false
    const none = await next()
    await world.sync()
    return none
  }
  expect((await world.sync()).problems).toEqual([])
})
