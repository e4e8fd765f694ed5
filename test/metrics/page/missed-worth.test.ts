import { expect, test } from 'vitest'
import type { MissedSaving } from '../../../src/core/missed-savings.ts'
import {
  amountText,
  mayPayOff,
  missedId,
  paysOff,
  worthText,
} from '../../../src/metrics/page/missed-worth.ts'
import { dollar, missedOf } from './reports.ts'

type Case = readonly [
  name: string,
  Partial<MissedSaving>,
  text: string,
  listed: 'pays' | 'may' | 'no',
]

test.for<Case>([
  ['it pays', {}, 'Saves $11.00 a month of $12.00 that it costs now', 'pays'],
  [
    'nobody knows what would be left',
    { savesAMonth: undefined },
    'Costs $12.00 a month what would be left of it is not known',
    'may',
  ],
  [
    'there is no price',
    { costAMonth: undefined, savesAMonth: undefined },
    'Cost unknown no price is known',
    'may',
  ],
  [
    'there is no size',
    { costAMonth: undefined, savesAMonth: undefined, bytes: 0, unsized: 10 },
    'Cost unknown nobody knows how much was read',
    'may',
  ],
  [
    'it is free already',
    { costAMonth: 0n, savesAMonth: undefined },
    'Costs $0.00 a month what would be left of it is not known',
    'no',
  ],
  ['it comes to the same', { savesAMonth: 0n }, 'Saves nothing it costs $12.00 a month', 'no'],
  [
    'it would cost more',
    { savesAMonth: -3n * dollar },
    'Does not pay it costs $12.00 a month now, and would cost $3.00 more',
    'no',
  ],
])('what an entry is worth where %s', ([, changes, text, listed]) => {
  const missed = missedOf(changes)
  const { big, rest } = worthText(missed)
  expect(`${big} ${rest}`).toBe(text)
  expect(paysOff(missed)).toBe(listed === 'pays')
  expect(mayPayOff(missed)).toBe(listed !== 'no')
})

test.for<[string, Partial<MissedSaving>, string]>([
  ['all sizes are known', {}, '2.00 GB from the upstream in 10 pulls'],
  ['a mirror sent it', { mirror: 'aws/us-east-1' }, '2.00 GB from aws/us-east-1 in 10 pulls'],
  [
    'some sizes are not known',
    { unsized: 9, estimatedBytes: 18e9 },
    '2.00 GB from the upstream in 1 pull, and an estimated 18.0 GB in 9 pulls more',
  ],
  [
    'no size is known, and others tell the mean',
    { bytes: 0, unsized: 10, estimatedBytes: 20e9 },
    'an estimated 20.0 GB from the upstream in 10 pulls',
  ],
  [
    'no size is known of anything',
    { bytes: 0, unsized: 10 },
    'an unknown amount from the upstream in 10 pulls',
  ],
])('how much went that way where %s', ([, changes, text]) => {
  expect(amountText(missedOf(changes))).toBe(text)
})

test('entries that differ in anything they are grouped by have ids of their own', () => {
  const all = [
    missedOf(),
    missedOf({ reason: 'unhealthy' }),
    missedOf({ location: '-' }),
    missedOf({ reason: 'nearest', mirror: 'aws/us-east-1' }),
    missedOf({ reason: 'nearest', mirror: 'aws/us-east-2' }),
  ]
  expect(new Set(all.map(missedId)).size).toBe(all.length)
})
