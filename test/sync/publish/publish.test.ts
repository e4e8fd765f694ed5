import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openIndex, sealOf } from '../../../src/core/blob-index.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { parseIndexPointer } from '../../../src/core/index-pointer.ts'
import { defaultKeys } from '../../../src/core/key-template.ts'
import type { SyncEvent } from '../../../src/core/sync-event.ts'
import { indexContents, indexFile } from '../../../src/sync/publish/index-content.ts'
import type { IndexPlace } from '../../../src/sync/publish/index-place.ts'
import { folderPlace } from '../../../src/sync/publish/index-folder.ts'
import { publish } from '../../../src/sync/publish/publish.ts'
import { createRecorder } from '../../../src/sync/recorder.ts'

const mirror = {
  id: 'aws/a',
  cloud: 'aws',
  region: 'a',
  publicUrl: 'https://a.example',
  keys: defaultKeys,
}
const contentsOf = (...blobs: number[]) => {
  const listing = new Map(
    blobs.map(
      (n) => [`sha256:${n.toString(16).padStart(2, '0').repeat(32)}` as Digest, n] as const,
    ),
  )
  return indexContents([{ mirror, listing, spoiled: new Set() }], () => undefined)
}

async function createFolder(keepGenerations = 10) {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const clock = { ms: 1000 }
  const now = () => clock.ms
  const events: SyncEvent[] = []
  const recorder = createRecorder({ now, record: (event) => void events.push(event) })
  const place = folderPlace(directory)
  return {
    clock,
    events,
    recorder,
    place,
    directory,
    publish: (blobs: number[], places: readonly IndexPlace[] = [place]) =>
      publish(contentsOf(...blobs), places, { recorder, now, keepGenerations }),
    names: async () => (await readdir(join(directory, 'index'))).toSorted(),
    pointer: async () => {
      const text = await readFile(join(directory, 'index/current.json'), 'utf8')
      const pointer = parseIndexPointer(text, 'index/')
      if (typeof pointer === 'string') throw new Error(pointer)
      return pointer
    },
  }
}

test('a generation is the time it was made, and always more than the one before', async () => {
  const folder = await createFolder()
  expect(await folder.publish([1])).toMatchObject({ how: 'new', generation: 1000 })
  folder.clock.ms = 400
  expect(await folder.publish([1, 2])).toMatchObject({ how: 'new', generation: 1001 })
  folder.clock.ms = 5000
  expect(await folder.publish([1])).toMatchObject({ how: 'new', generation: 5000 })
  expect(await folder.names()).toEqual(['1000.bin', '1001.bin', '5000.bin', 'current.json'])
})

test('the same contents are not published again, and found still right', async () => {
  const folder = await createFolder()
  await folder.publish([1, 2])
  const first = await folder.pointer()
  folder.clock.ms = 61_000
  expect(await folder.publish([2, 1])).toMatchObject({ how: 'unchanged', generation: 1000 })
  expect(await folder.pointer()).toEqual({ ...first, checkedAt: '1970-01-01T00:01:01.000Z' })
  expect(await folder.names()).toEqual(['1000.bin', 'current.json'])
})

test('old generations go, and the current one never', async () => {
  const folder = await createFolder(2)
  for (const n of [1, 2, 3, 4]) {
    folder.clock.ms += 10
    await folder.publish([n])
  }
  expect(await folder.names()).toEqual(['1030.bin', '1040.bin', 'current.json'])
  await folder.publish([4])
  expect(await folder.names()).toEqual(['1030.bin', '1040.bin', 'current.json'])
})

test('a place that missed a generation gets it, as the others have it', async () => {
  const [one, two] = [await createFolder(), await createFolder()]
  await one.publish([1])
  one.clock.ms = 2000
  const both = [one.place, two.place]
  expect(await one.publish([1], both)).toMatchObject({ how: 'unchanged', generation: 1000 })
  expect((await two.pointer()).sha256).toBe((await one.pointer()).sha256)
  expect(await two.names()).toEqual(['1000.bin', 'current.json'])
})

test('a pointer that is damaged is a problem, and mended', async () => {
  const folder = await createFolder()
  await folder.publish([1])
  await writeFile(join(folder.directory, 'index/current.json'), '{')
  folder.clock.ms = 900
  // Its generation is still in the folder, and no new one may be less.
  expect(await folder.publish([1])).toMatchObject({ how: 'new', generation: 1001 })
  expect(folder.recorder.problems).toEqual([
    { subject: `index/current.json in ${folder.directory}`, message: 'wanted JSON' },
  ])
  expect((await folder.pointer()).generation).toBe(1001)
})

test('nobody is pointed to a generation that could not be written, and the others are', async () => {
  const [good, bad] = [await createFolder(), await createFolder()]
  await good.publish([1], [good.place, bad.place])
  const broken: IndexPlace = {
    ...bad.place,
    write: async (name, bytes, condition) => {
      if (name.endsWith('.bin')) throw new Error('disk full')
      return bad.place.write(name, bytes, condition)
    },
  }
  good.clock.ms = 2000
  const published = await good.publish([1, 2], [good.place, broken])
  expect(published).toMatchObject({ how: 'new', to: [good.directory] })
  expect(good.recorder.problems).toEqual([
    { subject: `the index in ${bad.directory}`, message: 'disk full' },
  ])
  expect((await bad.pointer()).generation).toBe(1000)
  expect((await good.pointer()).generation).toBe(2000)
})

test('a place that cannot be read is not written to', async () => {
  const folder = await createFolder()
  const blind = { ...folder.place, list: () => Promise.reject(new Error('no permission')) }
  expect(await folder.publish([1], [blind])).toMatchObject({ to: [] })
  expect(folder.events.map(({ step }) => step)).toEqual(['problem'])
})

test('blobs of a wrong size, and blobs seen to be wrong, lose their mirror', () => {
  const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest
  const listing = new Map([
    [digest('a'), 1],
    [digest('b'), 2],
    [digest('c'), 3],
  ])
  const other = new Map([...listing, [digest('b'), 9] as const, [digest('c'), 4] as const])
  const sizes = new Map([[digest('b'), 9]])
  const contents = indexContents(
    [
      { mirror, listing, spoiled: new Set([digest('a')]) },
      { mirror: { ...mirror, id: 'aws/b' }, listing: other, spoiled: new Set() },
    ],
    (each) => sizes.get(each),
  )
  const bytes = indexFile(contents, 1)
  const index = openIndex(bytes, sealOf(bytes))
  const held = ['a', 'b', 'c'].map((letter) => {
    const row = index.find(digest(letter))
    return row === -1 ? [] : [index.sizeBytes(row), [0, 1].filter((at) => index.holds(row, at))]
  })
  expect(held).toEqual([[1, [1]], [9, [1]], []])
  expect(contents.ambiguous).toEqual([digest('c')])
})

test('a generation that is damaged is a problem, and mended', async () => {
  for (const text of ['short', undefined]) {
    const folder = await createFolder()
    await folder.publish([1])
    const path = join(folder.directory, 'index/1000.bin')
    const whole = await readFile(path)
    await writeFile(path, text ?? Buffer.from(whole).fill(1, 100))
    expect(await folder.publish([1])).toMatchObject({ how: 'unchanged', generation: 1000 })
    expect(folder.recorder.problems).toEqual([
      {
        subject: `index/1000.bin in ${folder.directory}`,
        message: expect.stringMatching(/^wanted \d+ bytes of sha256:.*, got others: written anew$/),
      },
    ])
    expect((await readFile(path)).equals(whole)).toBe(true)
  }
})

test('what another run is writing, or has just removed, disturbs nobody', async () => {
  const folder = await createFolder()
  await folder.publish([1])
  // A name that is listed and not there: what is removed between the two looks like this.
  for (const name of ['.current.json.of-another', '999.bin']) {
    await symlink('nowhere', join(folder.directory, 'index', name))
  }
  expect(await folder.publish([1, 2])).toMatchObject({ to: [folder.directory] })
  expect(folder.recorder.problems).toEqual([])
  expect([...(await folder.place.list()).keys()]).toEqual(['1000.bin', '1001.bin', 'current.json'])
})

test('many who write at once all succeed, and leave nothing else', async () => {
  const { place, names } = await createFolder()
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => place.write('current.json', Buffer.from(`${n}`), 'any')),
  )
  expect(await names()).toEqual(['current.json'])
})

test('a write that fails leaves nothing', async () => {
  const { place, names, directory } = await createFolder()
  await mkdir(join(directory, 'index/current.json'), { recursive: true })
  await expect(place.write('current.json', Buffer.from('x'), 'any')).rejects.toThrow(
    /EISDIR|ENOTEMPTY/,
  )
  expect(await names()).toEqual(['current.json'])
})
