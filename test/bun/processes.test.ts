import { expect, test } from 'vitest'
import { startOnBun } from './parts/place.ts'

test('several processes are refused: they were tried on Node alone', async () => {
  const config = { upstreams: [{ registry: 'http://127.0.0.1:1' }], processes: 2 }
  await expect(startOnBun(config)).rejects.toThrow(
    'processes: wanted 1, as several were seen to work on Node alone, got 2',
  )
})
