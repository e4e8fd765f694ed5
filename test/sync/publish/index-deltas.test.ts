import { createHash } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import { parseIndexPointer } from '../../../src/core/index-pointer.ts'
import { defaultKeys } from '../../../src/core/key-template.ts'
import type { Mirror } from '../../../src/core/mirror.ts'
import type { SyncEvent } from '../../../src/core/sync-event.ts'
import { createIndexKeeper } from '../../../src/proxy/index-keeper.ts'
import { createDirectoryIndexReader } from '../../../src/runtime/index/directory-index-reader.ts'
import { indexContents } from '../../../src/sync/publish/index-content.ts'
import { folderPlace } from '../../../src/sync/publish/index-folder.ts'
import type { IndexPlace } from '../../../src/sync/publish/index-place.ts'
import { publish } from '../../../src/sync/publish/publish.ts'
import { createRecorder } from '../../../src/sync/recorder.ts'

// What is published beside each generation for those who have the one before: read by the keeper that
// serve has, from the folder that sync wrote.
const mirror: Mirror = {
  id: 'aws/a',
  cloud: 'aws',
  region: 'a',
  publicUrl: 'https://a.example',
  keys: defaultKeys,
}
const digestAt = (n: number) =>
  `sha256:${createHash('sha256').update(String(n)).digest('hex')}` as Digest

/** A thousand blobs, from the nth on. */
function contentsFrom(n: number, count = 1000) {
  const listing = new Map(Array.from({ length: count }, (_, at) => [digestAt(n + at), 1] as const))
  return indexContents([{ mirror, listing, spoiled: new Set() }], () => undefined)
}

async function createFolder() {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

async function createPublisher(keepGenerations = 10) {
  const directory = await createFolder()
  const place = folderPlace(directory)
  const events: SyncEvent[] = []
  const recorder = createRecorder({ now: () => 0, record: (event) => void events.push(event) })
  let nowMs = 1000
  return {
    directory,
    place,
    recorder,
    published: () => events.filter((event) => event.step === 'published'),
    /** Publishes under the next number, from 1000 on. */
    publish: (
      contents: ReturnType<typeof contentsFrom>,
      places: readonly IndexPlace[] = [place],
      pin?: { readonly generation: number; readonly at: string },
    ) => publish(contents, places, { recorder, now: () => nowMs++, keepGenerations }, pin),
    names: async () => (await readdir(join(directory, 'index'))).toSorted(),
  }
}

function keeperOf(directory: string) {
  const readers = [createDirectoryIndexReader(directory)]
  return createIndexKeeper({ readers, mirrors: [mirror], now: () => 0 })
}

async function pointerIn(directory: string) {
  const text = await readFile(join(directory, 'index/current.json'), 'utf8')
  const pointer = parseIndexPointer(text, 'index/')
  if (typeof pointer === 'string') throw new Error(pointer)
  return pointer
}

const namesOf = async (directory: string) =>
  (await pointerIn(directory)).deltas?.map(({ key }) => key.slice('index/'.length))

test('who has the generation before reads what changed, and who missed some the chain', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  const [steady, late] = [keeperOf(sync.directory), keeperOf(sync.directory)]
  await Promise.all([steady.refresh(), late.refresh()])
  for (const n of [1, 2, 3]) {
    await sync.publish(contentsFrom(n))
    const event = await steady.refresh()
    expect(event).toMatchObject({ outcome: 'loaded', generation: 1000 + n, problems: [] })
    expect(event.movedBytes).toBeLessThan(500)
    expect(sync.published().at(-1)).toMatchObject({ deltaBytes: event.movedBytes })
  }
  expect(await late.refresh()).toMatchObject({ generation: 1003, problems: [] })
  for (const keeper of [steady, late]) {
    const held = [2, 3, 1002, 1003].map((n) => keeper.current()?.holds(mirror, digestAt(n)))
    expect(held).toEqual(['absent', 'present', 'present', 'absent'])
  }
  const fresh = await keeperOf(sync.directory).refresh()
  expect(fresh.movedBytes).toBe((await pointerIn(sync.directory)).sizeBytes)
})

test('contents that are the same keep the deltas that lead to them', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  await sync.publish(contentsFrom(1))
  expect(await namesOf(sync.directory)).toEqual(['1000-1001.delta'])
  expect(await sync.publish(contentsFrom(1))).toMatchObject({ how: 'unchanged' })
  expect(await namesOf(sync.directory)).toEqual(['1000-1001.delta'])
})

test('there is none to an index of which half is new, and none from before that', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  await sync.publish(contentsFrom(1))
  await sync.publish(contentsFrom(900))
  expect(await namesOf(sync.directory)).toBeUndefined()
  expect(sync.published().at(-1)).not.toHaveProperty('deltaBytes')
  await sync.publish(contentsFrom(901))
  expect(await namesOf(sync.directory)).toEqual(['1002-1003.delta'])
  expect(sync.recorder.problems).toEqual([])
})

test('a tiny index has none', async () => {
  const sync = await createPublisher()
  for (const n of [0, 1]) await sync.publish(contentsFrom(n, 5))
  expect(await sync.names()).toEqual(['1000.bin', '1001.bin', 'current.json'])
})

test('a delta goes with the generation that it leads to, once no pointer names it', async () => {
  const sync = await createPublisher(2)
  for (let n = 0; n < 12; n++) await sync.publish(contentsFrom(n))
  const deltas = Array.from({ length: 8 }, (_, at) => `${1003 + at}-${1004 + at}.delta`)
  expect(await namesOf(sync.directory)).toEqual(deltas)
  expect(await sync.names()).toEqual([...deltas, '1010.bin', '1011.bin', 'current.json'].toSorted())
  await sync.publish(contentsFrom(5000))
  await sync.publish(contentsFrom(9000))
  expect(await sync.names()).toEqual(['1012.bin', '1013.bin', 'current.json'])
})

test('a place that has not every delta is pointed to those that it has', async () => {
  const [sync, other] = [await createPublisher(), await createFolder()]
  const both = [sync.place, folderPlace(other)]
  await sync.publish(contentsFrom(0), both)
  await sync.publish(contentsFrom(1))
  // It missed one generation, and hears of the next.
  await sync.publish(contentsFrom(2), both)
  expect(await namesOf(sync.directory)).toEqual(['1000-1001.delta', '1001-1002.delta'])
  expect(await namesOf(other)).toEqual(['1001-1002.delta'])
  await rm(join(sync.directory, 'index/1001-1002.delta'))
  await sync.publish(contentsFrom(3), both)
  expect(await namesOf(sync.directory)).toEqual(['1002-1003.delta'])
  expect(await namesOf(other)).toEqual(['1001-1002.delta', '1002-1003.delta'])
})

test('where a delta cannot be written, that is told, and the generation published without', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  const broken: IndexPlace = {
    ...sync.place,
    write: async (name, ...rest) => {
      if (name.endsWith('.delta')) throw new Error('disk full')
      return sync.place.write(name, ...rest)
    },
  }
  expect(await sync.publish(contentsFrom(1), [broken])).toMatchObject({ to: [sync.directory] })
  expect(sync.recorder.problems).toEqual([
    { subject: `the index in ${sync.directory}`, message: 'disk full' },
  ])
  expect(await pointerIn(sync.directory)).toMatchObject({ generation: 1001 })
  expect(await namesOf(sync.directory)).toBeUndefined()
})

test('where the generation before is damaged everywhere there is none', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  const file = join(sync.directory, 'index/1000.bin')
  const bytes = await readFile(file)
  bytes[100]! ^= 1
  await writeFile(file, bytes)
  await sync.publish(contentsFrom(1))
  expect(await namesOf(sync.directory)).toBeUndefined()
})

test('going back to an earlier generation is a change like any other', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  await sync.publish(contentsFrom(1))
  const keeper = keeperOf(sync.directory)
  await keeper.refresh()
  const pin = { generation: 1000, at: '2026-11-26T00:00:00.000Z' }
  await sync.publish(contentsFrom(0), undefined, pin)
  const event = await keeper.refresh()
  expect(event).toMatchObject({ generation: 1002, problems: [] })
  expect(event.movedBytes).toBeLessThan(500)
  expect(keeper.current()?.holds(mirror, digestAt(0))).toBe('present')
})

test('what a killed run left of a delta in a folder goes with the rest', async () => {
  const sync = await createPublisher()
  await sync.publish(contentsFrom(0))
  const name = '.1-2.delta.6f1c9a52-0b1e-4c58-9c3f-7f2d7f6f7f00'
  await writeFile(join(sync.directory, 'index', name), '')
  await sync.place.tidy(Date.now() + 1000)
  expect(await sync.names()).toEqual(['1000.bin', 'current.json'])
})
