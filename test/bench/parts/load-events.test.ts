import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { countEvents } from './load-events.ts'

test('events are counted wherever what is read of them breaks off', async () => {
  const line = (event: object) => `${JSON.stringify(event)}\n`
  const text = [
    line({ event: 'started', timeMs: 1 }),
    line({ event: 'request', repository: 'app', status: 307 }),
    line({ event: 'request', repository: 'gone', status: 307 }),
    line({ event: 'request', kind: 'refusal', status: 500, error: 'why' }),
    line({ event: 'events-lost', count: 3 }),
  ].join('')
  for (const size of [1, 7, 1000]) {
    const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g'))!.map((each) => Buffer.from(each))
    const { counts, ended } = countEvents(Readable.from(chunks))
    await ended
    expect(counts).toMatchObject({ requests: 2, gone: 1, others: 2 })
    expect(counts.faults).toHaveLength(2)
  }
})
