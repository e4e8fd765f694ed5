import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { bunProgram } from '../bun/parts/place.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import type { Host } from './parts/netns.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors } from './parts/nearport.ts'
import { configureNearport, eventsOf, startMirrors } from './parts/nearport.ts'
import type { Stoppable } from './parts/process.ts'
import { contentOf, expectFrom, follow } from './parts/served.ts'
import type { MirrorId } from './parts/setup.ts'

// Real clients pull through nearport on Bun, by redirects and by what passes through it.
const parts = inject('parts')
const clients = createClients(parts)
const image = parts.images['multi']!
let mirrors: Mirrors
let serving: (Stoppable & { readonly log: string }) | undefined

beforeAll(async () => {
  mirrors = await startMirrors(parts, 'bun', 8191)
})
afterEach(async () => {
  await serving?.stop()
  serving = undefined
})
afterAll(() => mirrors?.stop())

const places: readonly (readonly [Host, MirrorId | 'upstream'])[] = [
  [hosts.awsIreland, 'aws/eu-west-1'],
  [hosts.nowhere, 'upstream'],
]

test('every client gets its blobs from where it should', async () => {
  const nearport = await configureNearport(parts, 'bun', mirrors.faces)
  expect(await nearport.sync()).toMatchObject({ exitCode: 0, problems: [] })
  serving = await nearport.serve(bunProgram())
  for (const client of clients) {
    for (const [host, where] of places) {
      const pull = () => client.pull({ registry: `${service.names.v4}:8080`, image, host })
      const { result, served } = await follow(parts, mirrors.faces, pull)
      expect(contentOf(result)).toEqual(expectedContent(client, image))
      expectFrom(served, where, result, host.v4, host.v6)
    }
  }
  const events = await eventsOf(serving)
  const reasons = new Set(events.map(({ reason }) => reason))
  for (const reason of ['in-region', 'no-location', 'manifest']) expect(reasons).toContain(reason)
  expect(events.filter((event) => 'error' in event)).toEqual([])
})

test('every client gets what passes through', async () => {
  const upstreams = [{ registry: parts.registry.url, mode: 'relay' }]
  const nearport = await configureNearport(parts, 'bun-relay', mirrors.faces, {
    upstreams,
    mirrors: [],
  })
  serving = await nearport.serve(bunProgram())
  for (const client of clients) {
    const registry = `${service.names.v4}:8080`
    const result = await client.pull({ registry, image, host: hosts.awsEast })
    expect(contentOf(result)).toEqual(expectedContent(client, image))
  }
})
