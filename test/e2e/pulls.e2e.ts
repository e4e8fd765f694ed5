import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import { sortedOnce } from './parts/images.ts'
import type { Host } from './parts/netns.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, eventsOf, startMirrors } from './parts/nearport.ts'
import type { Stoppable } from './parts/process.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'
import { contentOf, expectFrom, follow } from './parts/served.ts'
import type { MirrorId } from './parts/setup.ts'

// Real clients, at published addresses, pull through nearport; every blob is followed to where it
// came from.
const parts = inject('parts')
const clients = createClients(parts)
const images = Object.values(parts.images)
let mirrors: Mirrors
let nearport: Nearport
let serving: Stoppable & { readonly log: string }

beforeAll(async () => {
  mirrors = await startMirrors(parts, 'pulls', 8111)
  nearport = await configureNearport(parts, 'pulls', mirrors.faces)
})
afterAll(async () => {
  await serving?.stop()
  await mirrors?.stop()
})

describe('a sync', () => {
  test('reads every blob once from the registry and fills both mirrors', async () => {
    const before = await readRegistryLog(parts.registry)
    const summary = await nearport.sync()
    const read = blobsServed((await readRegistryLog(parts.registry)).slice(before.length))
    expect(summary).toMatchObject({ exitCode: 0, problems: [] })

    expect(read.toSorted()).toEqual(sortedOnce(images.flatMap((image) => image.everything.blobs)))
  })

  test('that finds nothing new reads no blob and writes none', async () => {
    const before = await readRegistryLog(parts.registry)
    const summary = await nearport.sync()
    expect(blobsServed((await readRegistryLog(parts.registry)).slice(before.length))).toEqual([])
    const none = { blobs: 0, bytes: 0 }
    expect(summary).toMatchObject({ exitCode: 0, uploaded: none, copied: none })
  })
})

describe('through nearport', () => {
  beforeAll(async () => {
    serving = await nearport.serve()
  })

  test.for(
    clients.flatMap((client) =>
      images
        .filter(({ kind }) => client.kinds.includes(kind))
        .map((image) => [client.name, image.name, client, image] as const),
    ),
  )(
    '%s pulls %s as from the registry, with every blob from the mirror',
    async ([, , client, image]) => {
      const host = hosts.awsEast
      const straight = await client.pull({ registry: `${service.names.v4}:5000`, image, host })
      const { result, served } = await follow(parts, mirrors.faces, () =>
        client.pull({ registry: `${service.names.v4}:8080`, image, host }),
      )

      expect(contentOf(result)).toEqual(contentOf(straight))
      expect(contentOf(result)).toEqual(expectedContent(client, image))
      // Mirrors are read by the name that has both kinds of address: either is the host's own.
      expectFrom(served, 'aws/us-east-1', result, host.v4, host.v6)
    },
  )

  const places: readonly (readonly [Host, MirrorId | 'upstream'])[] = [
    [hosts.awsEast, 'aws/us-east-1'],
    [hosts.awsIreland, 'aws/eu-west-1'],
    [hosts.gcpCentral, 'upstream'],
    [hosts.nowhere, 'upstream'],
  ]
  test.for(
    clients.flatMap((client) =>
      places.flatMap(([host, where]) =>
        (['v4', 'v6'] as const).map(
          (family) => [client.name, host.name, family, where, client, host] as const,
        ),
      ),
    ),
  )('%s in %s over %s gets its blobs from %s', async ([, , family, where, client, host]) => {
    const image = parts.images['multi']!
    const registry = `${service.names[family]}:8080`
    const { result, served } = await follow(parts, mirrors.faces, () =>
      client.pull({ registry, image, host }),
    )
    expect(contentOf(result)).toEqual(expectedContent(client, image))
    expectFrom(served, where, result, host.v4, host.v6)
  })

  test('nearport says the same of itself: one event a request, with no address', async () => {
    const events = await eventsOf(serving)
    const log = JSON.stringify(events)
    const requests = events.filter(({ event }) => event === 'request')
    const reasons = new Set(requests.map(({ reason }) => reason))
    for (const reason of ['in-region', 'same-cloud', 'no-location', 'manifest']) {
      expect(reasons).toContain(reason)
    }
    for (const host of Object.values(hosts)) {
      expect(log).not.toContain(host.v4)
      expect(log).not.toContain(host.v6)
    }
  })

  test('explain tells what the clients saw', async () => {
    const image = parts.images['app']!
    const [blob] = image.everything.blobs
    const path = `/v2/${image.repository}/blobs/${blob}`
    const { stdout } = await nearport.cli('explain', '--ip', hosts.awsIreland.v6, '--json', path)
    expect(JSON.parse(stdout)).toMatchObject({
      action: 'mirror',
      reason: 'in-region',
      mirror: 'aws/eu-west-1',
      location: `${mirrors.faces['aws/eu-west-1'].url}/containers/images/${blob}`,
    })
  })
})
