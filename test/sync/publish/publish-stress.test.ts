import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import type { Digest } from '../../../src/core/digest.ts'
import type { IndexPointer } from '../../../src/core/index-pointer.ts'
import { generationName, parseIndexPointer } from '../../../src/core/index-pointer.ts'
import { defaultKeys } from '../../../src/core/key-template.ts'
import { createStore } from '../../../src/embedded/store.ts'
import { openBucket } from '../../../src/sync/bucket/bucket.ts'
import { indexContents } from '../../../src/sync/publish/index-content.ts'
import { folderPlace } from '../../../src/sync/publish/index-folder.ts'
import type { IndexPlace } from '../../../src/sync/publish/index-place.ts'
import { bucketPlace } from '../../../src/sync/publish/index-place.ts'
import { publish } from '../../../src/sync/publish/publish.ts'
import { createRecorder } from '../../../src/sync/recorder.ts'
import { credentials, env, mirrorOf, serve } from '../world.ts'

const mirror = {
  id: 'aws/a',
  cloud: 'aws',
  region: 'a',
  publicUrl: 'https://a.example',
  keys: defaultKeys,
}
const publishers = 8
const rounds = 3

async function createFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

/** Opens a place in one bucket, which all publishers share. */
async function createBucketPlaces(knowsConditions: boolean): Promise<() => IndexPlace> {
  const store = createStore(credentials)
  store.createBucket('mirror-us-east-1')
  if (!knowsConditions) {
    store.intercept = ({ headers }) =>
      headers.has('if-match') || headers.has('if-none-match')
        ? new Response('<Error><Code>NotImplemented</Code></Error>', { status: 501 })
        : undefined
  }
  const file = {
    upstreams: [{ registry: 'http://127.0.0.1:1' }],
    mirrors: [mirrorOf('us-east-1', await serve(store))],
  }
  const [configured] = parseConfig(file, 'the test').mirrors
  const bucket = openBucket(configured!, { env, stop: new AbortController().signal })
  onTestFinished(() => bucket.close())
  return () => bucketPlace(bucket)
}

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Notes every pointer that is written, and what was then under the key that it names. */
function watched(place: IndexPlace, wrong: string[]): IndexPlace {
  return {
    ...place,
    async write(name, bytes, condition) {
      const isWritten = await place.write(name, bytes, condition)
      if (name !== 'current.json' || !isWritten) return isWritten
      const pointer = parseIndexPointer(new TextDecoder().decode(bytes), place.prefix)
      const { generation, sha256 } = pointer as IndexPointer
      const there = await place.read(generationName(generation))
      if (there === undefined) wrong.push(`${generation} is not there`)
      else if (sha256Of(there.bytes) !== sha256) wrong.push(`${generation} is another`)
      return isWritten
    },
  }
}

function publishFrom(places: readonly IndexPlace[], seed: number, keepGenerations: number) {
  const listing = new Map([
    [`sha256:${createHash('sha256').update(`${seed}`).digest('hex')}` as Digest, seed],
  ])
  const contents = indexContents([{ mirror, listing, spoiled: new Set() }], () => undefined)
  // All at the same moment, so that all want the same number.
  const recorder = createRecorder({ now: () => 1000, record: () => {} })
  return publish(contents, places, { recorder, now: () => 1000, keepGenerations }).then((done) => {
    return { ...done, problems: recorder.problems }
  })
}

test.for<[string, () => Promise<readonly (() => IndexPlace)[]>, number]>([
  ['a store', async () => [await createBucketPlaces(true)], 10],
  ['a store, of which one generation is kept', async () => [await createBucketPlaces(true)], 1],
  [
    'two stores and a folder',
    async () => {
      const folder = await createFolder()
      const stores = [await createBucketPlaces(true), await createBucketPlaces(true)]
      return [...stores, () => folderPlace(folder)]
    },
    2,
  ],
  [
    'a folder, of which one generation is kept',
    async () => {
      const folder = await createFolder()
      return [() => folderPlace(folder)]
    },
    1,
  ],
])(
  'eight who publish to %s at once point nobody to what is not there whole',
  { timeout: 30_000 },
  async ([, create, keepGenerations]) => {
    const openers = await create()
    const wrong: string[] = []
    for (let round = 0; round < rounds; round++) {
      const published = await Promise.all(
        Array.from({ length: publishers }, (_, n) =>
          publishFrom(
            openers.map((open) => watched(open(), wrong)),
            round * publishers + n,
            keepGenerations,
          ),
        ),
      )
      expect(published.flatMap(({ problems }) => problems)).toEqual([])
      const fresh = published.filter(({ how }) => how === 'new').map((each) => each.generation)
      expect(new Set(fresh).size).toBe(fresh.length)

      const newest: number[] = []
      for (const open of openers) {
        const place = open()
        const text = (await place.read('current.json'))!.bytes
        const pointer = parseIndexPointer(
          new TextDecoder().decode(text),
          place.prefix,
        ) as IndexPointer
        const file = await place.read(generationName(pointer.generation))
        expect(sha256Of(file!.bytes)).toBe(pointer.sha256)
        newest.push(pointer.generation)
      }
      // The greatest number wins everywhere.
      expect(new Set(newest)).toEqual(new Set([Math.max(...fresh)]))
    }
    expect(wrong).toEqual([])
  },
)

test('a store that knows no conditions is published to one after the other', async () => {
  const open = await createBucketPlaces(false)
  for (const seed of [1, 2, 3]) {
    const { how, problems } = await publishFrom([open()], seed, 10)
    expect([how, problems]).toEqual(['new', []])
  }
  const names = [...(await open().list()).keys()]
  expect(names).toEqual(['1000.bin', '1001.bin', '1002.bin', 'current.json'])
})

test('who comes late leaves the newer pointer of another, and says so', async () => {
  const folder = folderPlace(await createFolder())
  const late: IndexPlace = {
    ...folder,
    async write(name, bytes, condition) {
      const isWritten = await folder.write(name, bytes, condition)
      // Between its generation and its pointer, another publishes.
      if (name === '1000.bin') await publishFrom([folder], 2, 10)
      return isWritten
    },
  }
  expect(await publishFrom([late], 1, 10)).toMatchObject({
    how: 'superseded',
    generation: 1001,
    to: [folder.name],
    problems: [],
  })
  const pointer = JSON.parse(Buffer.from((await folder.read('current.json'))!.bytes).toString())
  expect(pointer).toMatchObject({ generation: 1001 })
})

test('what a killed run left in a folder goes after an hour, and nothing else', async () => {
  const directory = await createFolder()
  const folder = folderPlace(directory)
  await publishFrom([folder], 1, 10)
  const id = '6f1c9a52-0b1e-4c58-9c3f-7f2d7f6f7f00'
  const names = [`.current.json.${id}`, `.17.bin.${id}`, `.18.bin.${id}`, '.htaccess', 'notes.txt']
  for (const name of names) {
    await writeFile(join(directory, 'index', name), '')
    await utimes(
      join(directory, 'index', name),
      new Date(),
      name.startsWith('.18') ? new Date() : 1000,
    )
  }
  await folder.tidy(Date.now() - 3_600_000)
  const left = await readdir(join(directory, 'index'))
  expect(left.toSorted()).toEqual(
    [`.18.bin.${id}`, '.htaccess', '1000.bin', 'current.json', 'notes.txt'].toSorted(),
  )
})

test('a lock that a killed run left is not waited for', async () => {
  const directory = await createFolder()
  const folder = folderPlace(directory)
  await publishFrom([folder], 1, 10)
  const lock = join(directory, 'index/.current.json.lock')
  await writeFile(lock, '')
  await utimes(lock, 1000, 1000)
  expect(await publishFrom([folder], 2, 10)).toMatchObject({ how: 'new', problems: [] })
  const text = await readFile(join(directory, 'index/current.json'), 'utf8')
  expect(JSON.parse(text)).toMatchObject({ generation: 1001 })
})
