import { expect, test } from 'vitest'
import type { ServiceEvent } from '../../../src/core/event.ts'
import type { IndexState } from '../../../src/proxy/index-keeper.ts'
import { createMirrorHealth } from '../../../src/runtime/mirrors/mirror-health.ts'
import { mirrorOf } from '../../core/world.ts'

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
  const why = 'the index does not name it'
  expect(health.all()).toContainEqual({ id: 'aws/eu-west-1', healthy: false, sinceMs: 10, why })
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

test.for(['index', 'probe', 'assume'] as const)(
  'with %s, a mirror that does not serve is out until it does again',
  (presence) => {
    const { health, load } = createWorld(presence)
    load([], 1)
    const mirror = 'aws/us-east-1'
    const why = '3 questions in a row failed'
    health.record({ event: 'mirror-out', timeMs: 20, mirror, why })
    expect(health.all()).toContainEqual({ id: mirror, healthy: false, sinceMs: 20, why })
    expect([...health.unhealthySinceMs()]).toEqual([[mirror, 20]])
    // Another index, or an earlier request, says nothing of it.
    load([], 30)
    expect(health.all()).toContainEqual({ id: mirror, healthy: false, sinceMs: 20, why })
    health.record({ event: 'mirror-back', timeMs: 40, mirror, outMs: 20 })
    expect(health.all()).toContainEqual({ id: mirror, healthy: true })
  },
)

test('what has kept clients away for longest is told', () => {
  const { health, load } = createWorld('index')
  load([], 1)
  const mirror = 'aws/us-east-1'
  health.record({ event: 'mirror-out', timeMs: 20, mirror, why: 'it failed' })
  load([mirror], 30)
  expect([...health.unhealthySinceMs()]).toEqual([[mirror, 20]])
  health.record({ event: 'mirror-back', timeMs: 40, mirror, outMs: 20 })
  expect([...health.unhealthySinceMs()]).toEqual([[mirror, 30]])
})

test('nobody is sent to a private mirror whose addresses cannot be signed', () => {
  const signer = { isReady: () => false, sign: () => '', hear: () => {} }
  const [east] = mirrors
  const { all } = createMirrorHealth(
    [{ ...east!, signer }],
    'assume',
    () => undefined,
    () => 1,
  )
  const why = 'its addresses cannot be signed'
  expect(all()).toEqual([{ id: 'aws/us-east-1', healthy: false, why }])
})
