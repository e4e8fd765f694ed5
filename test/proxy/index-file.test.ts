import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedPart } from '../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../src/core/blob-index-writer.ts'
import { digestOfHex } from '../../src/core/digest.ts'
import type { IndexDelta } from '../../src/core/index-delta-chain.ts'
import { deltaName } from '../../src/core/index-delta-chain.ts'
import { writeIndexDelta } from '../../src/core/index-delta-writer.ts'
import type { IndexPointer } from '../../src/core/index-pointer.ts'
import type { IndexReader, KeptIndex } from '../../src/proxy/index-keeper.ts'
import { createIndexKeeper } from '../../src/proxy/index-keeper.ts'
import { mirrorOf } from '../core/world.ts'

// A keeper beside a place that several generations are published in, with what leads from each to
// the next: which files it reads, and what it knows then.
const mirror = mirrorOf('aws/eu-west-1')
const digestAt = (n: number) => digestOfHex(createHash('sha256').update(String(n)).digest('hex'))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const seal = (bytes: Uint8Array) => sealIndex(bytes, sha256(hashedPart(bytes)))

/** A generation is an index of the blobs from its own number on, a thousand of them. */
function indexOf(generation: number): Uint8Array {
  const rows = Array.from({ length: 1000 }, (_, at) => {
    return { digest: digestAt(generation + at), sizeBytes: 1, mirrors: [0] }
  })
  const url = `${mirror.publicUrl}/${mirror.keys.text}`
  return seal(writeIndex({ generation, mirrors: [{ id: mirror.id, url }], rows }))
}

function createPlace(name = 'place') {
  const files = new Map<string, Uint8Array>()
  const asked: string[] = []
  let pointer: IndexPointer | undefined
  const put = (key: string, bytes: Uint8Array) => {
    files.set(key, bytes)
    return { key, sha256: sha256(bytes).toString('hex'), sizeBytes: bytes.length }
  }
  const reader: IndexReader = {
    name,
    pointer: async () => pointer,
    async file({ key }) {
      asked.push(key)
      const bytes = files.get(key)
      if (bytes === undefined) throw new Error(`wanted 200 for ${key}, got 404`)
      // A copy at an odd place in its memory, as some readers give it.
      return Buffer.concat([Buffer.alloc(1), bytes]).subarray(1)
    },
  }
  return {
    reader,
    files,
    asked: () => asked.splice(0),
    point: (to: IndexPointer) => void (pointer = to),
    /** Publishes a generation, and what leads there from each of those before. */
    publish(generation: number, ...before: readonly number[]) {
      const bytes = indexOf(generation)
      const steps = [...before, generation]
      const deltas = before.map((from, at) => {
        const to = steps[at + 1]!
        const [old, fresh] = [indexOf(from), indexOf(to)].map((each) => {
          return { bytes: each, sha256: sha256(each) }
        })
        const delta = put(`i/${deltaName(from, to)}`, seal(writeIndexDelta(old!, fresh!)!))
        return { from, to, ...delta }
      })
      const at = '2026-02-02T00:00:00.000Z'
      const file = put(`i/${generation}.bin`, bytes)
      pointer = { generation, ...file, publishedAt: at, checkedAt: at, deltas }
      return pointer
    },
  }
}

function keeperOf(readers: readonly IndexReader[], kept?: KeptIndex) {
  return createIndexKeeper({ readers, mirrors: [mirror], kept, now: () => 0 })
}

const holds = (keeper: ReturnType<typeof keeperOf>, n: number) =>
  keeper.current()?.holds(mirror, digestAt(n))

test('a refresh reads what changed, and nothing else', async () => {
  const place = createPlace()
  const whole = place.publish(1)
  const keeper = keeperOf([place.reader])
  expect(await keeper.refresh()).toMatchObject({ outcome: 'loaded', movedBytes: whole.sizeBytes })
  expect(place.asked()).toEqual(['i/1.bin'])

  const { deltas } = place.publish(2, 1)
  const event = await keeper.refresh()
  expect(event).toMatchObject({ outcome: 'loaded', generation: 2, blobs: 1000, problems: [] })
  expect(event.movedBytes).toBe(deltas![0]!.sizeBytes)
  expect(place.asked()).toEqual(['i/1-2.delta'])
  expect([1, 2, 1001].map((n) => holds(keeper, n))).toEqual(['absent', 'present', 'present'])
  expect(await keeper.refresh()).not.toHaveProperty('movedBytes')
})

test('one that missed several looks follows the whole chain', async () => {
  const place = createPlace()
  place.publish(1)
  const keeper = keeperOf([place.reader])
  await keeper.refresh()
  place.asked()
  place.publish(4, 1, 2, 3)
  expect(await keeper.refresh()).toMatchObject({ generation: 4, problems: [] })
  expect(place.asked()).toEqual(['i/1-2.delta', 'i/2-3.delta', 'i/3-4.delta'])
  expect([3, 4, 1003].map((n) => holds(keeper, n))).toEqual(['absent', 'present', 'present'])
})

test('where no delta leads from what it has, the whole file is read', async () => {
  const place = createPlace()
  place.publish(1)
  const keeper = keeperOf([place.reader])
  await keeper.refresh()
  place.asked()
  place.publish(4, 2, 3)
  expect(await keeper.refresh()).toMatchObject({ generation: 4, problems: [] })
  expect(place.asked()).toEqual(['i/4.bin'])
})

test.for<[string, (files: Map<string, Uint8Array>) => void, string]>([
  ['is gone', (files) => files.delete('i/1-2.delta'), 'wanted 200 for i/1-2.delta, got 404'],
  ['is damaged', (files) => (files.get('i/1-2.delta')![150]! ^= 1), 'wanted SHA-256'],
  ['is another', (files) => files.set('i/1-2.delta', indexOf(2)), 'wanted SHA-256'],
])('a delta that %s is told, and the whole file read', async ([, harm, message]) => {
  const place = createPlace()
  place.publish(1)
  const keeper = keeperOf([place.reader])
  await keeper.refresh()
  place.publish(2, 1)
  harm(place.files)
  place.asked()
  const event = await keeper.refresh()
  expect(event).toMatchObject({ outcome: 'loaded', generation: 2 })
  expect(event.problems).toEqual([
    expect.stringMatching(`^place: a delta of generation 2: ${message}.*: read whole instead$`),
  ])
  expect(place.asked()).toEqual(['i/1-2.delta', 'i/2.bin'])
  expect([1, 1001].map((n) => holds(keeper, n))).toEqual(['absent', 'present'])
})

test('a delta of another index of the same generation is refused', async () => {
  const place = createPlace()
  place.publish(1)
  const keeper = keeperOf([place.reader])
  await keeper.refresh()
  // The same number, and not the same blobs: of two who published at once to places of their own.
  const pointer = place.publish(3, 2)
  const [{ key, ...rest }] = pointer.deltas as [IndexDelta]
  place.point({ ...pointer, deltas: [{ ...rest, from: 1, key }] })
  const event = await keeper.refresh()
  expect(event).toMatchObject({ generation: 3, outcome: 'loaded' })
  expect(event.problems.join()).toContain('it leads from other bytes than ours: read whole instead')
  expect(holds(keeper, 1002)).toBe('present')
})

test('one that starts with what it kept reads what changed since', async () => {
  const [place, disk] = [createPlace(), createPlace('disk')]
  disk.publish(1)
  const { deltas } = place.publish(2, 1)
  const kept: (Uint8Array | undefined)[] = []
  const keep: KeptIndex['keep'] = async (_, bytes) => void kept.push(bytes)
  const keeper = keeperOf([place.reader], { reader: disk.reader, keep })
  const event = await keeper.refresh()
  expect(event).toMatchObject({ generation: 2, movedBytes: deltas![0]!.sizeBytes, problems: [] })
  expect(place.asked()).toEqual(['i/1-2.delta'])
  expect(kept).toEqual([new Uint8Array(indexOf(2))])
  expect(keeper.state()?.from).toBe('place')
})

test('what was kept and is damaged is told, and the whole file read', async () => {
  const [place, disk] = [createPlace(), createPlace('disk')]
  disk.publish(1)
  disk.files.get('i/1.bin')![100]! ^= 1
  place.publish(2, 1)
  const keeper = keeperOf([place.reader], { reader: disk.reader, keep: async () => {} })
  const event = await keeper.refresh()
  expect(event).toMatchObject({ generation: 2, outcome: 'loaded' })
  expect(event.problems).toEqual([expect.stringContaining('disk: generation 1: wanted SHA-256')])
  expect(place.asked()).toEqual(['i/2.bin'])
})
