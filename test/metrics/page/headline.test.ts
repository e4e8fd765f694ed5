import { expect, test } from 'vitest'
import { headlineOf } from '../../../src/metrics/page/headline.ts'
import type { PeriodReport } from '../../../src/metrics/report.ts'
import { dollar, hourMs, money, periodOf, ways } from './reports.ts'

const terabyte = 1e12
const pulled = ways([9 * terabyte, terabyte], [900, 100])

test.for<[string, Partial<PeriodReport>, string, string]>([
  ['nothing was pulled', {}, 'Nothing pulled in the last day', 'none'],
  [
    'money was saved',
    { ...pulled, money: money(810n * dollar, 90n * dollar) },
    '$810.00 saved in the last day: 90 % of 10.0 TB stayed home',
    'good',
  ],
  [
    'the service is younger than the period',
    { ...pulled, money: money(dollar, 0n), lengthMs: 3 * hourMs },
    '$1.00 saved since the start 3 h ago: 90 % of 10.0 TB stayed home',
    'good',
  ],
  [
    'the period is the whole time',
    { ...pulled, money: money(dollar, 0n), period: 'start', lengthMs: 500 * hourMs },
    '$1.00 saved since the start 20 d ago: 90 % of 10.0 TB stayed home',
    'good',
  ],
  [
    'the marks of an hour lie a little before it',
    { ...pulled, money: money(dollar, 0n), period: 'hour', lengthMs: 1.05 * hourMs },
    '$1.00 saved in the last hour: 90 % of 10.0 TB stayed home',
    'good',
  ],
  [
    'all of it left',
    { ...ways([0, terabyte], [0, 10]), money: money(0n, 90n * dollar) },
    'Nothing saved in the last day: 0 % of 1.00 TB stayed home',
    'none',
  ],
  [
    'mirrors cost more than they saved',
    { ...pulled, money: money(-2n * dollar, 0n) },
    '$2.00 more spent than without mirrors in the last day: 90 % of 10.0 TB stayed home',
    'bad',
  ],
  [
    'no price is known',
    { ...pulled, money: money(0n, 0n, 10 * terabyte) },
    '90 % stayed home of 10.0 TB in the last day',
    'good',
  ],
  [
    'no price is known, and nothing stayed',
    { ...ways([0, terabyte], [0, 10]), money: money(0n, 0n, terabyte) },
    '0 % stayed home of 1.00 TB in the last day',
    'none',
  ],
  [
    'some prices are known',
    { ...pulled, money: money(dollar, 0n, terabyte) },
    '$1.00 saved in the last day: 90 % of 10.0 TB stayed home',
    'good',
  ],
  [
    'no size is known',
    ways([0, 0], [3000, 1000], 4000),
    '75 % of pulls stayed home in the last day, 3,000 of 4,000',
    'good',
  ],
  [
    'no size is known, and nothing stayed',
    ways([0, 0], [0, 1], 1),
    '0 % of pulls stayed home in the last day, 0 of 1',
    'none',
  ],
])('the headline where %s', ([, changes, text, tone]) => {
  const headline = headlineOf(periodOf(changes))
  expect(`${headline.big} ${headline.rest}`).toBe(text)
  expect(headline.tone).toBe(tone)
})
