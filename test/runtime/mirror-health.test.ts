import { expect, test } from 'vitest'
import type { ServiceEvent } from '../../src/core/event.ts'
import type { IndexState } from '../../src/proxy/index-keeper.ts'
import { createMirrorHealth } from '../../src/runtime/mirror-health.ts'
import { mirrorOf } from '../core/world.ts'

const mirrors = ['aws/us-east-1', 'aws/eu-west-1'].map(mirrorOf)
const indexed = (timeMs: number): ServiceEvent => ({
  event: 'index',
  timeMs,
  outcome: 'loaded',
  problems: [],
})

function createWorld(presence: 'index' | 'probe' | 'assume') {
  let unnamed: readonly string[] | undefined
  const state = () => unnamed && ({ unnamed } as IndexState)
  const health = createMirrorHealth(mirrors, presence, state, () => 1)
  return {
    health,
    load: (names: readonly string[], timeMs: number) => {
      unnamed = names
      health.record(indexed(timeMs))
    },
  }
}

test('with no index nobody is sent anywhere, since the start', () => {
  const { health } = createWorld('index')
  health.record(indexed(5))
  expect(health.all().every(({ healthy }) => !healthy)).toBe(true)
  expect([...health.unhealthySinceMs()]).toEqual([
    ['aws/us-east-1', 1],
    ['aws/eu-west-1', 1],
  ])
})

test('a mirror that the index leaves out is unhealthy from then until one names it', () => {
  const { health, load } = createWorld('index')
  load([], 5)
  expect(health.all().every(({ healthy }) => healthy)).toBe(true)
  load(['aws/eu-west-1'], 10)
  load(['aws/eu-west-1'], 20)
  expect([...health.unhealthySinceMs()]).toEqual([['aws/eu-west-1', 10]])
  expect(health.all()).toContainEqual({ id: 'aws/eu-west-1', healthy: false })
  load([], 30)
  expect(health.unhealthySinceMs().size).toBe(0)
})

test('a mirror that is asked is out when it lost what it held, until it serves again', () => {
  const { health } = createWorld('probe')
  expect(health.unhealthySinceMs().size).toBe(0)
  health.record({ event: 'mirror-lost', timeMs: 7, mirror: 'aws/us-east-1' })
  expect([...health.unhealthySinceMs()]).toEqual([['aws/us-east-1', 7]])
  const request = {
    event: 'request',
    timeMs: 8,
    method: 'GET',
    kind: 'blob',
    reason: 'in-region',
    status: 307,
    durationMs: 0,
  } as const
  health.record({ ...request, action: 'upstream', reason: 'unhealthy' })
  expect(health.unhealthySinceMs().size).toBe(1)
  health.record({ ...request, action: 'mirror', mirror: 'aws/us-east-1' })
  expect(health.unhealthySinceMs().size).toBe(0)
})

test('mirrors that are assumed to be whole are taken for healthy', () => {
  const { health } = createWorld('assume')
  expect(health.all().every(({ healthy }) => healthy)).toBe(true)
})
