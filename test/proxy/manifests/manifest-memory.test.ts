import { expect, test } from 'vitest'
import { readAccept } from '../../../src/core/accept.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { createManifestMemory, placeOf } from '../../../src/proxy/manifests/memory.ts'

const upstream = { repositories: '', registry: 'https://b.example', namespace: '' }
const digest = `sha256:${'a'.repeat(64)}` as Digest
const any = readAccept(null)

test('so many tags are remembered, and those asked for least recently leave first', () => {
  const memory = createManifestMemory(1e6, 2)
  const place = placeOf(upstream, 'app')
  for (const tag of ['1', '2']) memory.keepTag(place, tag, any, { digest, seenMs: 1 })
  memory.findTag(place, '1', any)
  memory.keepTag(place, '3', any, { digest, seenMs: 1 })
  const left = ['1', '2', '3'].filter((tag) => memory.findTag(place, tag, any) !== undefined)
  expect(left).toEqual(['1', '3'])
})

test('a manifest larger than the memory is not kept, and takes no other’s place', () => {
  const memory = createManifestMemory(5000)
  const place = placeOf(upstream, 'app')
  memory.keep(place, { digest, mediaType: 'a/b', bytes: new Uint8Array(10) })
  const large = `sha256:${'b'.repeat(64)}` as Digest
  memory.keep(place, { digest: large, mediaType: 'a/b', bytes: new Uint8Array(6000) })
  expect(memory.find(place, large)).toBeUndefined()
  expect(memory.find(place, digest)).toBeDefined()
})

test('a place is one repository of one registry as one user sees it', () => {
  const places = [
    placeOf(upstream, 'app'),
    placeOf(upstream, 'other'),
    placeOf({ ...upstream, namespace: 'team' }, 'app'),
    placeOf({ ...upstream, registry: 'https://c.example' }, 'app'),
    placeOf({ ...upstream, credentials: 'TEAM' }, 'app'),
  ]
  expect(new Set(places).size).toBe(places.length)
  // By whichever of its names and addresses it is asked.
  expect(placeOf({ ...upstream, namespace: 'team' }, 'app')).toBe(placeOf(upstream, 'team/app'))
  const second = { ...upstream, registry: 'https://a.example', others: [upstream] }
  const first = { ...upstream, others: [{ ...upstream, registry: 'https://a.example' }] }
  expect(placeOf(second, 'app')).toBe(placeOf(first, 'app'))
})

test('a repository is known to have what its tags were, and what an index in it lists', () => {
  const memory = createManifestMemory(1e6)
  const [place, other] = [placeOf(upstream, 'app'), placeOf(upstream, 'other')]
  const [child, tagged] = ['c', 'd'].map((hex) => `sha256:${hex.repeat(64)}` as Digest)
  const descriptor = { mediaType: 'a/b', digest: child, size: 1 }
  const bytes = new TextEncoder().encode(JSON.stringify({ manifests: [descriptor] }))
  memory.keep(place, { digest, mediaType: 'a/b', bytes })
  memory.keepTag(place, '1', any, { digest: tagged!, seenMs: 1 })
  expect([child, tagged].map((each) => memory.isIn(place, each!))).toEqual([true, true])
  expect([child, tagged].map((each) => memory.isIn(other, each!))).toEqual([false, false])
})
