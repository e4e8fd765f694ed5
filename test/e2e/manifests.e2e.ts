import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { manifestMediaTypes } from '../../src/core/manifest.ts'
import { createClients } from './parts/clients.ts'
import type { PulledImage } from './parts/clients/client.ts'
import { expectedContent } from './parts/clients/client.ts'
import { hosts, inNamespace, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, requestsOf, startMirrors } from './parts/nearport.ts'
import { readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { run, waitUntil } from './parts/process.ts'
import type { Registry, RegistryRequest } from './parts/registry.ts'
import { blobsServed, readRegistryLog, startRegistry } from './parts/registry.ts'

// Manifests near the clients: a registry is asked for each once, and its images outlive it.
const parts = inject('parts')
const clients = createClients(parts)
// An index of an index is no image that every client pulls.
const images = Object.values(parts.images).filter(({ kind }) => kind !== 'nested')
const host = hosts.awsEast
const directory = join(parts.scratch, 'manifests')
const spec = { host: service.names.both, port: 5090, directory }

let registry: Registry
let mirrors: Mirrors
beforeAll(async () => {
  await mkdir(directory, { recursive: true })
  registry = await startRegistry(spec)
  mirrors = await startMirrors(parts, 'manifests', 8201)
  for (const image of images) await copyImage(image)
})
afterAll(async () => {
  await registry?.stop()
  await mirrors?.stop()
})

const pulls = clients.flatMap((client) =>
  images
    .filter(({ kind }) => client.kinds.includes(kind))
    .map((image) => [client.name, image.name, client, image] as const),
)

describe('kept in memory', () => {
  const serving = serve('memory', { manifests: { staleSeconds: 3600 } })
  let from = 0
  beforeAll(async () => {
    from = (await readRegistryLog(registry)).length
  })

  test.for(pulls)('%s pulls %s as it is', async ([, , client, image]) => {
    const content = await client.pull({ registry: `${service.names.v4}:8080`, image, host })
    expect(contentOf(content)).toEqual(expectedContent(client, image))
  })

  test('the registry was asked for each manifest by digest once, and for no blob', async () => {
    const asked = (await readRegistryLog(registry)).slice(from)
    const counts = Object.values(manifestsByDigest(asked))
    expect(counts.length).toBeGreaterThanOrEqual(3)
    expect(new Set(counts)).toEqual(new Set([1]))
    expect(blobsServed(asked)).toEqual([])
    expect(new Set(asked.map(({ agent }) => agent))).toEqual(new Set(['nearport']))
    // Tags were asked for by every client, and the whole of one was sent to few.
    const tags = asked.filter(({ path }) => /\/manifests\/[^:]+$/.test(path))
    expect(tags.length).toBeGreaterThanOrEqual(pulls.length)
    expect(tags.filter(({ method }) => method === 'GET').length).toBeLessThan(pulls.length)
  })

  test('nor was any again by whoever pulls an image for the second time', async () => {
    const before = (await readRegistryLog(registry)).length
    const [client] = clients
    const image = parts.images['multi']!
    await client!.pull({ registry: `${service.names.v4}:8080`, image, host })
    const asked = (await readRegistryLog(registry)).slice(before)
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `HEAD /v2/${image.repository}/manifests/${image.tag}`,
    ])
  })

  describe('with the registry gone', () => {
    beforeAll(() => registry.stop())

    test.for(pulls)('%s still pulls %s by its tag', async ([, , client, image]) => {
      const content = await client.pull({ registry: `${service.names.v4}:8080`, image, host })
      expect(contentOf(content)).toEqual(expectedContent(client, image))
    })

    test('clients are told that a tag may be old', async () => {
      const { repository, tag } = parts.images['app']!
      const url = `http://${service.names.v4}:8080/v2/${repository}/manifests/${tag}`
      const accept = `Accept: ${manifestMediaTypes.join(', ')}`
      const { stdout } = await inNamespace(host.namespace, ['curl', '-sI', '-H', accept, url])
      expect(stdout).toMatch(/^HTTP\/1\.1 200/)
      expect(stdout).toMatch(
        /^warning: 299 - "nearport: the upstream did not answer; this tag was last seen at 20[^"]*"\r?$/im,
      )
    })

    test('the events and the metrics say so too', async () => {
      const { stdout } = await run(['curl', '-s', 'http://127.0.0.1:9090/metrics'])
      const count = Number(/^nearport_manifests_total\{source="stale"\} (\d+)$/m.exec(stdout)?.[1])
      expect(count).toBeGreaterThanOrEqual(pulls.length)
      const readStale = async () =>
        (await requestsOf(serving())).filter(({ reason }) => reason === 'stale')
      await waitUntil(`${count} stale manifests in the log`, async () => {
        return (await readStale()).length === count
      })
      for (const { source, status } of await readStale()) {
        expect([source, status]).toEqual(['stale', 200])
      }
    })

    test('a tag that nobody saw is not made up', async () => {
      const { stdout } = await run([
        'curl',
        '-s',
        `http://${service.names.v4}:8080/v2/team/app/manifests/never`,
      ])
      expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] })
    })
  })
})

describe('kept in mirrors', () => {
  beforeAll(async () => {
    registry = await startRegistry(spec)
  })
  const serving = serve('mirrors', { manifests: { mirrors: true } })

  test.for(pulls)('%s pulls %s as it is, by tag from the registry alone', async (pull) => {
    const [, , client, image] = pull
    const from = (await readRegistryLog(registry)).length
    const content = await client.pull({ registry: `${service.names.v4}:8080`, image, host })
    expect(contentOf(content)).toEqual(expectedContent(client, image))
    const asked = (await readRegistryLog(registry)).slice(from)
    expect(manifestsByDigest(asked)).toEqual({})
    expect(blobsServed(asked)).toEqual([])
  })

  test('the mirror near the clients was asked for each once, without credentials', async () => {
    const sent = (await requestsOf(serving())).filter(({ source }) => source === 'mirror')
    expect(sent.length).toBeGreaterThanOrEqual(3)
    const digests = sent.map(({ reference }) => reference)
    expect(new Set(digests).size).toBe(digests.length)
    const log = await readMirrorLog(mirrors.faces['aws/us-east-1'])
    const read = log.filter(({ path }) => digests.some((digest) => path.endsWith(String(digest))))
    expect(read).toHaveLength(digests.length)
    for (const { hasAuthorization } of read) expect(hasAuthorization).toBe(false)
  })
})

/** Fills the mirrors and serves, for the tests of a block; what serves. */
function serve(name: string, changes: object): () => { readonly log: string } {
  let serving: Stoppable & { readonly log: string }
  beforeAll(async () => {
    const upstreams = [{ registry: registry.url }]
    const settings = { upstreams, ...changes }
    const nearport: Nearport = await configureNearport(
      parts,
      `manifests-${name}`,
      mirrors.faces,
      settings,
    )
    expect(await nearport.sync()).toMatchObject({ exitCode: 0, problems: [] })
    serving = await nearport.serve()
  })
  afterAll(() => serving?.stop())
  return () => serving
}

/** How often each was asked for. */
function manifestsByDigest(asked: readonly RegistryRequest[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { path } of asked) {
    if (/\/manifests\/sha256:/.test(path)) counts[path] = (counts[path] ?? 0) + 1
  }
  return counts
}

function contentOf({ manifests, blobs }: PulledImage) {
  return { manifests, blobs }
}

async function copyImage({ repository, tag }: (typeof images)[number]): Promise<void> {
  const copy = ['skopeo', '--insecure-policy', 'copy', '-q', '--all', '--preserve-digests'] as const
  const from = `docker://${new URL(parts.registry.url).host}/${repository}:${tag}`
  const to = `docker://${new URL(registry.url).host}/${repository}:${tag}`
  await run([...copy, '--src-tls-verify=false', '--dest-tls-verify=false', from, to])
}
