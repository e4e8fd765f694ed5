import { expect, test } from 'vitest'
import type { SyncEvent } from '../../src/core/sync-event.ts'
import { createRecorder } from '../../src/sync/recorder.ts'

test('what others sent makes no problem longer than one can read', () => {
  const events: SyncEvent[] = []
  const recorder = createRecorder({ now: () => 7, record: (event) => void events.push(event) })
  recorder.problem('s'.repeat(5000), new Error('m'.repeat(2_000_000)))
  recorder.problem('short', 'a sentence')
  expect(recorder.problems).toEqual([
    { subject: `${'s'.repeat(1000)}…`, message: `${'m'.repeat(1000)}…` },
    { subject: 'short', message: 'a sentence' },
  ])
  expect(events).toEqual(
    recorder.problems.map((each) => ({ event: 'sync', timeMs: 7, step: 'problem', ...each })),
  )
})
