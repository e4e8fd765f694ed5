import { expect, test } from 'vitest'
import type { Holding, Presence } from '../../../src/core/policy.ts'
import { createWatchedPresence } from '../../../src/proxy/mirror-watch/presence.ts'
import type { PresenceSource } from '../../../src/proxy/presence.ts'
import { blobDigest, mirrorOf, presenceOf } from '../../core/world.ts'

const [east, ireland] = [mirrorOf('aws/us-east-1'), mirrorOf('aws/eu-west-1')]

function createWorld(known: Presence | undefined) {
  const source: PresenceSource & { known: Presence | undefined } = {
    known,
    current: () => source.known,
    ask: () => Promise.resolve('present'),
  }
  return { source, watched: createWatchedPresence(source, () => false) }
}

test('while no mirror is out the source’s own is given', async () => {
  const { source, watched } = createWorld(presenceOf({}))
  expect(watched.current()).toBe(source.known)
  watched.setOut(new Set([east]))
  expect(watched.current()).not.toBe(source.known)
  watched.setOut(new Set())
  expect(watched.current()).toBe(source.known)
  expect(await watched.ask(east, blobDigest)).toBe('present')
})

test.for<[name: string, holding: Holding, told: Holding]>([
  ['one that holds a blob fails', 'present', 'failed'],
  ['one that would have to be asked fails', 'unknown', 'failed'],
  ['one that holds no such blob would have served nobody', 'absent', 'absent'],
])('of mirrors that are out, %s', ([, holding, told]) => {
  const { watched } = createWorld(presenceOf({ [east.id]: holding, [ireland.id]: holding }, 7))
  watched.setOut(new Set([east]))
  const { holds, sizeBytes, failover } = watched.current()!
  expect(holds(east, blobDigest)).toBe(told)
  expect(holds(ireland, blobDigest)).toBe(holding)
  // The size of a blob is what it was.
  expect(sizeBytes(blobDigest)).toBe(7)
  expect([east, ireland].map((mirror) => failover!.isOut(mirror))).toEqual([true, false])
  expect(failover!.mayGoOn(undefined, east, undefined as never)).toBe(false)
})

test('a mirror that is out is not asked', async () => {
  const { watched } = createWorld(presenceOf({}))
  watched.setOut(new Set([east]))
  expect(await watched.ask(east, blobDigest)).toBe('failed')
  expect(await watched.ask(ireland, blobDigest)).toBe('present')
})

test('a newer index is taken while a mirror is out, and what is given is made once', () => {
  const { source, watched } = createWorld(presenceOf({ [ireland.id]: 'absent' }))
  watched.setOut(new Set([east]))
  const before = watched.current()!
  expect(watched.current()).toBe(before)
  source.known = presenceOf({ [ireland.id]: 'present' })
  expect(watched.current()!.holds(ireland, blobDigest)).toBe('present')
  watched.setOut(new Set([ireland]))
  expect(watched.current()!.holds(ireland, blobDigest)).toBe('failed')
})

test('no index stays none', () => {
  const { watched } = createWorld(undefined)
  watched.setOut(new Set([east]))
  expect(watched.current()).toBeUndefined()
})
