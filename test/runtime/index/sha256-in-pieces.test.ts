import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256InPieces } from '../../../src/runtime/index/sha256-in-pieces.ts'

test.for([0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20])(
  'the hash of %d bytes is that of all of them',
  async (length) => {
    const bytes = Buffer.alloc(length, 'nearport')
    const got = Buffer.from(await sha256InPieces(bytes))
    expect(got.toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  },
)

test('others have a turn after each megabyte', async () => {
  let turns = 0
  let timer = setImmediate(count)
  function count() {
    turns++
    timer = setImmediate(count)
  }
  await sha256InPieces(new Uint8Array(4 * 2 ** 20))
  clearImmediate(timer)
  expect(turns).toBeGreaterThanOrEqual(3)
})
