import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { ConfigError } from '../../src/config/error.ts'

const upstreams = [{ registry: 'https://registry.example', cloud: 'gcp' }]
const health = (keys: object, changes: object = {}) =>
  parseConfig({ upstreams, health: keys, ...changes }, 'the test').health

test('mirrors are asked whether they serve without a word in the configuration', () => {
  expect(health({})).toEqual({
    everySeconds: 10,
    timeoutMs: 5000,
    slowMs: 2000,
    failures: 3,
    successes: 3,
    window: 20,
    greyShare: 0.2,
  })
})

test('they can be left alone, and what it costs can have a ceiling', () => {
  expect(health({ everySeconds: 0, dollarsAnHour: 0.5 })).toMatchObject({
    everySeconds: 0,
    dollarsAnHour: 0.5,
  })
})

test.for<[name: string, keys: object, problem: string]>([
  [
    'slow is not later than too late',
    { slowMs: 600, timeoutMs: 500 },
    'health.slowMs: wanted no more than timeoutMs (500), got 600',
  ],
  [
    'what is looked back on has room for the failures that count',
    { failures: 5, window: 4 },
    'health.failures: wanted no more than window (4), got 5',
  ],
  [
    'and for the good answers',
    { successes: 21 },
    'health.successes: wanted no more than window (20), got 21',
  ],
])('%s', ([, keys, problem]) => {
  expect(() => health(keys)).toThrow(ConfigError)
  expect(() => health(keys)).toThrow(problem)
})

test('a ceiling is for upstreams whose bytes have a price', () => {
  const nowhere = { upstreams: [{ registry: 'https://registry.example' }] }
  expect(() => health({ dollarsAnHour: 1 }, nowhere)).toThrow(
    'upstreams[0].cloud: wanted it said beside health.dollarsAnHour, got nothing',
  )
  const known = { upstreams: [{ profile: 'gcr' }] }
  expect(() => health({ dollarsAnHour: 1 }, known)).not.toThrow()
})
