import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import { createClients } from './parts/clients.ts'
import type { Client } from './parts/clients/client.ts'
import type { Content, PushedImage } from './parts/images.ts'
import { sortedOnce } from './parts/images.ts'
import type { Host } from './parts/netns.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { cellOf, createPullTable, samples } from './parts/pull-table.ts'
import type { UpstreamKind } from './parts/upstream-kinds.ts'
import { startUpstreamKinds, upstreamKinds, urlOf } from './parts/upstream-kinds.ts'

// Every client pulls from every kind of upstream in every mode, and docs/pulls.md is what came of it.
const parts = inject('parts')
const clients = createClients(parts)

const settings = ['redirect', 'relay'] as const
type Setting = (typeof settings)[number]

/** A host near a mirror gets its blobs there, and one that is nowhere known where the upstream is. */
type Mode = { readonly name: string; readonly setting: Setting; readonly host: Host }
const modes: readonly Mode[] = [
  { name: 'redirect', setting: 'redirect', host: hosts.nowhere },
  { name: 'redirect with mirrors', setting: 'redirect', host: hosts.awsEast },
  { name: 'relay', setting: 'relay', host: hosts.nowhere },
  { name: 'relay with mirrors', setting: 'relay', host: hosts.awsEast },
]

/** A client that is redirected learnt from nearport that nobody wants a token. */
const isClaimed = (setting: Setting, { wants }: UpstreamKind) =>
  setting === 'relay' || wants === 'nothing'
const notClaimed = 'not claimed'

const titles = upstreamKinds.map(({ title }) => title)
const tables = new Map(modes.map((mode) => [mode, createPullTable(mode.name, titles)]))
const pulls = modes.flatMap((mode) =>
  upstreamKinds.flatMap((kind) =>
    clients.map((client) => [client.name, kind.title, mode.name, client, kind, mode] as const),
  ),
)

let upstreams: Stoppable
let mirrors: Mirrors
let serving: Stoppable
beforeAll(async () => {
  const directory = join(parts.scratch, 'pull-table')
  await mkdir(directory)
  upstreams = await startUpstreamKinds(parts, directory, settings)
  mirrors = await startMirrors(parts, 'pull-table', 8191)
  const served = settings.flatMap((setting) => upstreamKinds.map((kind) => ({ setting, kind })))
  const repositories = Object.values(samples).map((name) => parts.images[name]!.repository)
  const nearport = await configureNearport(parts, 'pull-table', mirrors.faces, {
    upstreams: served.map(({ setting, kind }) => ({
      repositories: `${setting}/${kind.name}`,
      registry: urlOf(kind),
      namespace: kind.namespace,
      mode: setting,
      credentials: kind.credentials,
    })),
    sync: {
      repositories: served
        .filter(({ setting, kind }) => isClaimed(setting, kind))
        .flatMap(({ setting, kind }) =>
          [...new Set(repositories)].map((each) => `${setting}/${kind.name}/${each}`),
        ),
    },
  })
  const { exitCode, problems } = await nearport.sync()
  if (exitCode !== 0) throw new Error(`wanted a sync, got ${JSON.stringify(problems)}`)
  serving = await nearport.serve()
})
afterAll(async () => {
  await serving?.stop()
  await mirrors?.stop()
  await upstreams?.stop()
})

describe('as straight from the registry', () => {
  const claimed = pulls.filter(([, , , , kind, { setting }]) => isClaimed(setting, kind))
  test.for(claimed)('%s pulls from %s by %s', async ([, , , client, kind, mode]) => {
    const mirror = mirrors.faces['aws/us-east-1']
    const from = (await readMirrorLog(mirror)).length
    const { came, blobs, failures } = await pullAll(client, kind, mode)
    tables.get(mode)!.record(client.name, kind.title, came)
    expect(failures).toEqual([])
    expect(came).toBe(everythingFor(client))

    const asked = blobsOf((await readMirrorLog(mirror)).slice(from))
    expect(sortedOnce(asked)).toEqual(mode.host === hosts.awsEast ? blobs : [])
  })
})

describe('what is not claimed', () => {
  const others = pulls.filter(([, , , , kind, { setting }]) => !isClaimed(setting, kind))
  test.for(others)('%s pulls from %s by %s, or does not', async ([, , , client, kind, mode]) => {
    const { came } = await pullAll(client, kind, mode)
    const cell = came === '' ? notClaimed : `${notClaimed}; came: ${came}`
    tables.get(mode)!.record(client.name, kind.title, cell)
    // It gets a token for whatever host wants one, also where it was sent; none has an account.
    const learns = client.name === 'containerd' && kind.wants === 'token'
    expect(came).toBe(learns ? everythingFor(client) : '')
  })
})

test('docs/pulls.md has what came of it', () => {
  for (const table of tables.values()) {
    const { said, found } = table.compare()
    expect(said).toBe(found)
  }
})

/** What a client can pull at all, of the samples. */
function pullable(client: Client): readonly (readonly [string, PushedImage])[] {
  return Object.entries(samples)
    .map(([word, name]) => [word, parts.images[name]!] as const)
    .filter(([, { kind }]) => client.kinds.includes(kind))
}

function everythingFor(client: Client): string {
  return cellOf(pullable(client).map(([word]) => word))
}

/** One engine, or locks that all processes share: what they do at once is no matter of ours. */
const oneByOne: ReadonlySet<string> = new Set(['docker', 'podman', 'buildah'])

/** Pulls all that a client can through nearport: what came, just as from the registry, and its blobs. */
async function pullAll(client: Client, kind: UpstreamKind, { setting, host }: Mode) {
  const pulled: string[] = []
  const blobs: Digest[] = []
  const failures: string[] = []
  const one = async ([word, image]: readonly [string, PushedImage]) => {
    const repository = `${setting}/${kind.name}/${image.repository}`
    const registry = `${service.names.v4}:8080`
    const wanted = await pullStraight(client, image)
    const content = await pull(client, { ...image, repository }, registry, host).catch(
      (error: Error) => {
        failures.push(error.message)
      },
    )
    if (content === undefined) return
    expect(content, word).toEqual(wanted)
    pulled.push(word)
    blobs.push(...content.blobs)
  }
  if (oneByOne.has(client.name)) for (const each of pullable(client)) await one(each)
  else await Promise.all(pullable(client).map(one))
  return { came: cellOf(pulled), blobs: sortedOnce(blobs), failures }
}

const straight = new Map<string, Promise<Content>>()

/** The same from the registry itself, once for all. */
async function pullStraight(client: Client, image: PushedImage): Promise<Content> {
  const key = `${client.name} ${image.name}`
  const known = straight.get(key)
  if (known !== undefined) return known
  const pulling = pull(client, image, `${service.names.v4}:5000`, hosts.nowhere)
  straight.set(key, pulling)
  return pulling
}

async function pull(client: Client, image: PushedImage, registry: string, host: Host) {
  const { manifests, blobs } = await client.pull({ registry, image, host })
  return { manifests, blobs }
}
