import { expect, test } from 'vitest'
import { periodNotes } from '../../../src/metrics/page/notes.ts'
import type { PeriodReport } from '../../../src/metrics/report.ts'
import { money, periodOf, ways } from './reports.ts'

test.for<[string, Partial<PeriodReport>, readonly string[]]>([
  ['nothing is left out', ways([10, 10], [1, 1]), []],
  ['no size is known', ways([0, 0], [1, 1], 2), ['Nobody knows how much these pulls read']],
  ['some sizes are not', ways([9, 0], [2000, 1], 1500), ['how much 1,500 of 2,001 pulls read']],
  [
    'no price is known',
    { ...ways([5, 5], [1, 1]), money: money(0n, 0n, 10) },
    ['These bytes have'],
  ],
  [
    'some prices and sizes are not',
    { ...ways([5e9, 5e9], [2, 1], 1), money: money(1n, 1n, 4e9) },
    ['how much 1 of 3 pulls read', '4.00 GB have no known price'],
  ],
])('a note for each thing where %s', ([, changes, parts]) => {
  const notes = periodNotes(periodOf(changes))
  expect(notes).toHaveLength(parts.length)
  for (const [index, part] of parts.entries()) expect(notes[index]).toContain(part)
})
