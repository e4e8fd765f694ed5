import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createKeptIndex } from '../../../src/runtime/index/kept-index.ts'

test('an index that is kept is whole, and says nothing of deltas', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-kept-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const kept = createKeptIndex(directory)
  const file = { sha256: 'a'.repeat(64), sizeBytes: 3 }
  const pointer = {
    generation: 2,
    ...file,
    key: 'nearport/index/2.bin',
    publishedAt: '2026-01-01T00:00:00.000Z',
    checkedAt: '2026-01-01T00:00:00.000Z',
  }
  const delta = { from: 1, to: 2, key: 'nearport/index/1-2.delta', ...file }
  await kept.keep({ ...pointer, deltas: [delta] }, new Uint8Array([1, 2, 3]))
  const there = { ...pointer, key: 'index/2.bin' }
  expect(await kept.reader.pointer()).toEqual(there)
  expect(await kept.reader.file(there)).toEqual(Buffer.from([1, 2, 3]))
  expect((await readdir(join(directory, 'index'))).toSorted()).toEqual(['2.bin', 'current.json'])
})
