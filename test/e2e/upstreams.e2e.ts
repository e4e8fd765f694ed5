import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createClients } from './parts/clients.ts'
import type { Client, Configured } from './parts/clients/client.ts'
import { expectedContent } from './parts/clients/client.ts'
import type { PushedImage } from './parts/images.ts'
import { readImage } from './parts/images.ts'
import type { Host } from './parts/netns.ts'
import { hosts, service } from './parts/netns.ts'
import { configureNearport, eventsOf, requestsOf } from './parts/nearport.ts'
import type { Stoppable } from './parts/process.ts'
import { run, waitUntil } from './parts/process.ts'
import type { Registry } from './parts/registry.ts'
import { readRegistryLog, startRegistry } from './parts/registry.ts'

// Several registries behind one nearport, by prefix, by name and by containerd's `ns`; one registry
// at several addresses; and one place for signatures. What was asked is read in their own logs.
const parts = inject('parts')
const clients = createClients(parts)
const names = service.names
const near = `${names.v4}:8080`
/** One of nearport's names in the service's network: the second registry's own. */
const secondName = names.v6

const running: Stoppable[] = []
let scratch: string
let second: Registry
/** What the second registry has under a name that the first has another image at. */
let other: PushedImage
let app: PushedImage
beforeAll(async () => {
  scratch = join(parts.scratch, 'upstreams')
  await mkdir(scratch, { recursive: true })
  second = await start('second', 5080)
  const [multi, here] = [parts.images['multi']!, parts.images['app']!]
  app = here
  await copy(
    `${host(parts.registry)}/${multi.repository}:${multi.tag}`,
    `${host(second)}/team/app:1.0`,
  )
  other = await readImage(second.url, { ...app, name: 'other', kind: 'index' })
})
afterAll(async () => {
  for (const part of running.toReversed()) await part.stop()
})

describe('two registries', () => {
  const nearport = serving('names', () => [
    { registry: parts.registry.url },
    { registry: second.url, repositories: 'second', hosts: ['second.example', secondName] },
  ])
  const each = clients.map((client) => [client.name, client] as const)

  test.for(each)(
    '%s gets either registry’s image by the name that it asks by',
    async ([, client]) => {
      const usual = await pull(client, near, app)
      expect(usual).toEqual(expectedContent(client, app))
      const named = await pull(client, `${secondName}:8080`, other)
      expect(named).toEqual(expectedContent(client, other))
    },
  )

  test.for(each)('%s gets it by its prefix', async ([, client]) => {
    const prefixed = { ...other, repository: `second/${other.repository}` }
    expect(await pull(client, near, prefixed)).toEqual(expectedContent(client, other))
  })

  test('containerd gets it under its own name, by what it says in ns', async () => {
    const configured = await hostsToml('second.example')
    const pulled = await pull(containerd(), 'second.example', other, configured)
    expect(pulled).toEqual(expectedContent(containerd(), other))
  })

  test('containerd gets nothing of a registry that is not here, as a default for all', async () => {
    const configured = await hostsToml('_default')
    await expect(pull(containerd(), 'third.example', app, configured)).rejects.toThrow('not found')
    const requests = await requestsOf(nearport())
    expect(requests.at(-1)).toMatchObject({ reason: 'refused', status: 404 })
    const pulled = await pull(containerd(), 'second.example', other, configured)
    expect(pulled).toEqual(expectedContent(containerd(), other))
  })
})

describe.each(['redirect', 'relay'] as const)(
  'one registry at two addresses, in mode %s',
  (mode) => {
    const own: Registry[] = []
    const client = () => clients.find(({ name }) => name === 'crane') ?? clients[0]!
    beforeAll(async () => {
      // One folder for both, so that they have the same.
      const folder = join(scratch, `pair-${mode}`)
      const data = await startRegistry({ host: names.both, port: 5082, directory: folder })
      await copy(`${host(parts.registry)}/team/app:1.0`, `${host(data)}/team/app:1.0`)
      await data.stop()
      for (const port of [5084, 5086]) {
        own.push(
          await startRegistry({ host: names.both, port, directory: folder, logName: `${port}` }),
        )
      }
    })
    afterAll(async () => {
      for (const registry of own.splice(0)) await registry.stop()
    })
    const nearport = serving(`pair-${mode}`, () => [
      {
        registry: `http://${names.both}:5084`,
        cloud: 'gcp',
        region: 'us-central1',
        mode,
        addresses: [
          { registry: `http://${names.both}:5086`, cloud: 'gcp', region: 'europe-west1' },
        ],
      },
    ])

    test.for([
      ['in America', hosts.awsEast, 0, 1],
      ['in Ireland', hosts.awsIreland, 1, 0],
    ] as const)('a client %s is served by the nearer', async ([, from, nearer, farther]) => {
      const before = await countsOf(own)
      expect(await pull(client(), near, app, undefined, from)).toEqual(
        expectedContent(client(), app),
      )
      const after = await countsOf(own)
      expect(after[nearer]! - before[nearer]!).toBeGreaterThan(0)
      expect(after[farther]! - before[farther]!).toBe(0)
    })

    test('when the nearer goes away, the other serves its clients', async () => {
      await own[0]!.stop()
      // Who is relayed need not wait until it is known: the next is asked at once.
      if (mode === 'redirect') {
        await waitUntil('the address to be known as down', async () => {
          const metrics = await fetch('http://127.0.0.1:9090/metrics').then((each) => each.text())
          return metrics.includes(`nearport_upstream_up{upstream="${own[0]!.url}"} 0`)
        })
      }
      const pulled = await pull(client(), near, app, undefined, hosts.awsEast)
      expect(pulled).toEqual(expectedContent(client(), app))
      if (mode === 'redirect') {
        const events = await eventsOf(nearport())
        expect(events).toContainEqual(expect.objectContaining({ event: 'upstream-down' }))
      }
    })
  },
)

describe('one place for signatures', () => {
  let signatures: Registry
  const signature = () => parts.images['signature']!
  beforeAll(async () => {
    signatures = await start('signatures', 5088)
    const { repository, tag } = signature()
    const from = `${host(parts.registry)}/${repository}:${tag}`
    await copy(from, `${host(signatures)}/${repository}:${tag}`)
    await copy(`${host(parts.registry)}/team/app:1.0`, `${host(second)}/team/signed:1.0`)
    // The second registry has no signature of it.
  })
  serving('signatures', () => [{ registry: second.url, mode: 'relay', signatures: signatures.url }])

  test.for(
    clients
      .filter(({ kinds }) => kinds.includes('artifact'))
      .map((each) => [each.name, each] as const),
  )('%s gets a signature from there, manifest and blobs', async ([, client]) => {
    expect(await pull(client, near, signature())).toEqual(expectedContent(client, signature()))
  })

  test('referrers are asked there alone', async () => {
    const before = (await readRegistryLog(signatures)).length
    await fetch(`http://${near}/v2/team/app/referrers/${app.digest}`)
    const asked = (await readRegistryLog(signatures)).slice(before)
    expect(asked.map(({ path }) => path)).toEqual([`/v2/team/app/referrers/${app.digest}`])
  })
})

/** Serves a configuration of its own, with no mirrors, while the tests of one `describe` run. */
function serving(name: string, upstreams: () => readonly object[]) {
  let serve: (Stoppable & { readonly log: string }) | undefined
  beforeAll(async () => {
    const changes = { mirrors: [], upstreams: upstreams() }
    const nearport = await configureNearport(parts, `upstreams-${name}`, {} as never, changes)
    serve = await nearport.serve()
  })
  afterAll(() => serve?.stop())
  return () => serve!
}

async function start(name: string, port: number): Promise<Registry> {
  const registry = await startRegistry({ host: names.both, port, directory: join(scratch, name) })
  running.push(registry)
  return registry
}

function host({ url }: { readonly url: string }): string {
  return new URL(url).host
}

async function copy(from: string, to: string): Promise<void> {
  const flags = [
    '--all',
    '--preserve-digests',
    '-q',
    '--src-tls-verify=false',
    '--dest-tls-verify=false',
  ]
  await run(['skopeo', '--insecure-policy', 'copy', ...flags, `docker://${from}`, `docker://${to}`])
}

async function pull(
  client: Client,
  registry: string,
  image: PushedImage,
  configured?: Configured,
  from: Host = hosts.awsEast,
) {
  const asked = { registry, image, host: from }
  const pulled = await client.pull(configured === undefined ? asked : { ...asked, configured })
  return { manifests: pulled.manifests, blobs: pulled.blobs }
}

function containerd(): Client {
  return clients.find(({ name }) => name === 'containerd')!
}

/** What tells containerd to ask nearport for the images of a registry, and nobody else. */
async function hostsToml(name: string): Promise<Configured> {
  const root = await mkdtemp(join(scratch, 'hosts-'))
  await mkdir(join(root, name))
  const toml = `server = "http://${near}"\n\n[host."http://${near}"]\n  capabilities = ["pull", "resolve"]\n`
  await writeFile(join(root, name, 'hosts.toml'), toml)
  return { flags: ['--hosts-dir', root], env: {} }
}

async function countsOf(registries: readonly Registry[]): Promise<readonly number[]> {
  const logs = await Promise.all(registries.map((each) => readRegistryLog(each)))
  return logs.map((log) => log.filter(({ path }) => path !== '/v2/').length)
}
