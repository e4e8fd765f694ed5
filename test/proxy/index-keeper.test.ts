import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart } from '../../src/core/blob-index.ts'
import type { IndexContent } from '../../src/core/blob-index-writer.ts'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import type { IndexReader } from '../../src/proxy/index-keeper.ts'
import { createIndexKeeper, readPointer } from '../../src/proxy/index-keeper.ts'
import { mirrorOf } from '../core/world.ts'

const here = mirrorOf('aws/eu-west-1')
const there = mirrorOf('aws/us-east-1')
const blob = digestOfHex('d'.repeat(64))
const urlOf = (mirror: typeof here) => `${mirror.publicUrl}/${mirror.keys.text}`

test('with nothing published nothing is known', async () => {
  const keeper = keep([reader('a', undefined)])
  expect(await keeper.refresh()).toMatchObject({ outcome: 'missing', problems: [] })
  expect(keeper.current()).toBeUndefined()
  expect(keeper.state()).toBeUndefined()
})

test('an index says what each mirror holds, and how large it is', async () => {
  const keeper = keep([reader('a', publish(5))])
  expect(await keeper.refresh()).toMatchObject({ outcome: 'loaded', generation: 5, blobs: 1 })
  expect(keeper.current()?.holds(here, blob)).toBe('present')
  expect(keeper.current()?.holds(there, blob)).toBe('absent')
  expect(keeper.current()?.sizeBytes(blob)).toBe(42)
  expect(keeper.current()?.sizeBytes(digestOfHex('e'.repeat(64)))).toBeUndefined()
  expect(keeper.state()).toMatchObject({ generation: 5, from: 'a' })
})

test('the newest of all places is taken', async () => {
  const keeper = keep([reader('a', publish(5)), reader('b', publish(7)), reader('c', publish(6))])
  expect(await keeper.refresh()).toMatchObject({ generation: 7 })
  expect(keeper.state()?.from).toBe('b')
})

test('a place that does not answer is named, and the others are read', async () => {
  const silent: IndexReader = {
    name: 'silent',
    pointer: () => Promise.reject(new Error('refused', { cause: new Error('ECONNREFUSED') })),
    file: () => Promise.reject(new Error('never asked')),
  }
  const event = await keep([silent, reader('b', publish(5))]).refresh()
  expect(event).toMatchObject({ outcome: 'loaded', problems: ['silent: refused: ECONNREFUSED'] })
})

test('an index of other bytes than promised is refused, and the next newest is taken', async () => {
  const lying = publish(9)
  lying.bytes[lying.bytes.length - 1]! ^= 1
  const keeper = keep([reader('a', lying), reader('b', publish(5))])
  const event = await keeper.refresh()
  expect(event).toMatchObject({ outcome: 'loaded', generation: 5 })
  expect(event.problems[0]).toContain('a: generation 9: wanted SHA-256')
})

test('what was loaded stays when the newer is broken', async () => {
  const places = { a: publish(5) }
  const keeper = keep([{ ...reader('a', undefined), ...live(places) }])
  await keeper.refresh()
  places.a = publish(6)
  places.a.bytes.fill(0, 60)
  expect(await keeper.refresh()).toMatchObject({ outcome: 'unchanged', generation: 5 })
  expect(keeper.current()?.holds(here, blob)).toBe('present')
})

test('an older generation never comes back', async () => {
  const places = { a: publish(5) }
  const keeper = keep([{ ...reader('a', undefined), ...live(places) }])
  await keeper.refresh()
  places.a = publish(4, [])
  expect(await keeper.refresh()).toMatchObject({ outcome: 'unchanged', generation: 5 })
})

test('the same generation, checked again, is younger', async () => {
  const places = { a: publish(5) }
  const keeper = keep([{ ...reader('a', undefined), ...live(places) }])
  await keeper.refresh()
  const before = keeper.state()!.checkedAtMs
  places.a = { ...places.a, checkedAt: '2026-02-03T00:00:00.000Z' }
  await keeper.refresh()
  expect(keeper.state()!.checkedAtMs).toBeGreaterThan(before)
})

test('a pointer to another generation than its file’s is refused', async () => {
  const lying = { ...publish(5), generation: 100 }
  const event = await keep([reader('a', lying)]).refresh()
  expect(event).toMatchObject({ outcome: 'missing' })
  expect(event.problems[0]).toContain('wanted the generation of its pointer, got 5')
})

test('the size of a blob that no mirror of ours holds is not ours to tell', async () => {
  const keeper = keep([reader('a', publish(5, []))])
  await keeper.refresh()
  expect(keeper.current()?.sizeBytes(blob)).toBeUndefined()
})

test('a pointer of a month that is none is refused', () => {
  const pointer = {
    generation: 1,
    sha256: 'a'.repeat(64),
    sizeBytes: 1,
    key: 'index/1.bin',
    publishedAt: '2026-01-01T00:00:00.000Z',
    checkedAt: '2026-13-99T99:99:99Z',
  }
  expect(() => readPointer(JSON.stringify(pointer), 'index/')).toThrow('wanted a time in checkedAt')
})

test('a mirror that moved since the index was made holds nothing for us', async () => {
  const moved = { ...here, publicUrl: 'https://moved.example' }
  const keeper = createIndexKeeper({
    readers: [reader('a', publish(5))],
    mirrors: [moved],
    now: () => 0,
  })
  const event = await keeper.refresh()
  expect(event.problems).toEqual(['aws/eu-west-1: the index does not name it at its URL'])
  expect(keeper.state()?.unnamed).toEqual(['aws/eu-west-1'])
  expect(keeper.current()?.holds(moved, blob)).toBe('absent')
  expect(keeper.current()?.sizeBytes(blob)).toBeUndefined()
})

type Publication = { bytes: Uint8Array; generation: number; sha256: string; checkedAt: string }

function publish(generation: number, mirrors: readonly number[] = [0]): Publication {
  const content: IndexContent = {
    generation,
    mirrors: [here, there].map((mirror) => ({ id: mirror.id, url: urlOf(mirror) })),
    rows: [{ digest: blob, sizeBytes: 42, mirrors }],
  }
  const bytes = writeIndex(content)
  sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { bytes, generation, sha256, checkedAt: '2026-02-02T00:00:00.000Z' }
}

function reader(name: string, publication: Publication | undefined): IndexReader {
  return { name, ...live({ a: publication }) }
}

function live(places: { a: Publication | undefined }): Omit<IndexReader, 'name'> {
  return {
    pointer: async () => {
      if (places.a === undefined) return undefined
      const { bytes, generation, sha256, checkedAt } = places.a
      const key = `nearport/index/${generation}.bin`
      return { generation, sha256, sizeBytes: bytes.length, key, publishedAt: checkedAt, checkedAt }
    },
    file: async () => places.a!.bytes,
  }
}

function keep(readers: readonly IndexReader[]) {
  return createIndexKeeper({ readers, mirrors: [here, there], now: () => 0 })
}

test('an index that cannot be kept is in use all the same, and that is told', async () => {
  const place = reader('kept', undefined)
  const kept = { reader: place, keep: () => Promise.reject(new Error('no space left')) }
  const keeper = createIndexKeeper({
    readers: [reader('a', publish(5))],
    mirrors: [here, there],
    kept,
    now: () => 1,
  })
  const event = await keeper.refresh()
  expect(event).toMatchObject({ outcome: 'loaded', problems: ['kept: no space left'] })
  expect(keeper.current()?.holds(here, blob)).toBe('present')
})
