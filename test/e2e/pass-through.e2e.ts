import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Account } from './parts/accounts.ts'
import { logIn, pullingAs } from './parts/accounts.ts'
import { startBasicRegistry } from './parts/basic-registry.ts'
import type { Cdn } from './parts/cdn.ts'
import { startCdn } from './parts/cdn.ts'
import { createClients } from './parts/clients.ts'
import type { Client } from './parts/clients/client.ts'
import { expectedContent } from './parts/clients/client.ts'
import { dockerLogIn, dockerMissing } from './parts/clients/docker.ts'
import type { PushedImage } from './parts/images.ts'
import { sortedOnce } from './parts/images.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, eventsIn, startMirrors } from './parts/nearport.ts'
import { hosts, service } from './parts/netns.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { createPullTable } from './parts/pull-table.ts'
import type { Registry } from './parts/registry.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'
import { startTlsFront } from './parts/tls-front.ts'
import type { TokenRegistry } from './parts/token-registry.ts'
import { startTokenRegistry } from './parts/token-registry.ts'

// Clients with accounts of their own, of a registry with tokens and of one with passwords, each behind
// a name of its own of one nearport, whose mirrors hold every blob there is: the same image is open
// to anyone in one repository, and closed in the other. Every byte is followed to where it came from.
const parts = inject('parts')
const clients = createClients(parts)
const images = Object.values(parts.images)
const account: Account = { user: 'someone', password: 'a pass:word' }
const wrong: Account = { user: 'someone', password: 'another' }
const host = hosts.awsEast
const port = 8444
/** Whom clients ask for what is of either registry. */
const tokens = `${service.names.v4}:${port}`
const passwords = `${service.names.both}:${port}`

let cdn: Cdn
let hub: TokenRegistry
let basic: Registry
let mirrors: Mirrors
let nearport: Nearport
let serving: Stoppable & { readonly log: string }
const running: Stoppable[] = []
beforeAll(async () => {
  const scratch = join(parts.scratch, 'pass-through')
  const data = await copySamples(join(scratch, 'data'))
  cdn = await keep(startCdn(5074, data))
  const at = async (name: string, on: number) => {
    const directory = join(scratch, name)
    await mkdir(directory)
    await symlink(data, join(directory, 'data'))
    return { host: service.names.both, port: on, directory, account }
  }
  hub = await keep(startTokenRegistry({ ...(await at('hub', 5070)), blobsAt: cdn.url }))
  basic = await keep(startBasicRegistry(await at('basic', 5076)))
  mirrors = await keep(startMirrors(parts, 'pass-through', 8141))
  nearport = await configureNearport(parts, 'pass-through', mirrors.faces, {
    upstreams: [
      { ...knowing, registry: hub.url, repositories: 'hub', hosts: [service.names.v4] },
      { ...knowing, registry: basic.url, repositories: 'basic', hosts: [service.names.both] },
    ],
    clientAddress: { header: 'x-forwarded-for' },
    sync: { repositories: names().map((name) => `hub/public/${name}`) },
  })
  const summary = await nearport.sync()
  if (summary.exitCode !== 0) throw new Error(`sync ended with ${JSON.stringify(summary)}`)
  serving = await keep(nearport.serve())
  await keep(startTlsFront({ directory: join(scratch, 'tls'), port, to: 8080 }))
})
afterAll(async () => {
  for (const part of running.toReversed()) await part.stop()
})

const knowing = { mode: 'relay', clientCredentials: true }

const pulls = clients.flatMap((client) =>
  images
    .filter(({ kind }) => client.kinds.includes(kind))
    .map((image) => [client.name, image.name, client, image] as const),
)
const one = parts.images['multi']!

/** The kinds of upstream as docs/pulls.md has them. */
const titles = {
  anyone: 'tokens, with CDN',
  account: 'tokens for an account, with CDN',
  passwords: 'Basic',
} as const
const table = createPullTable('own credentials', Object.values(titles))

describe('from a registry with tokens', () => {
  test.for(pulls)(
    '%s pulls %s that anyone may read from the mirror, with no account',
    async ([, , client, image]) => {
      const { content, from } = await follow(client, undefined, within('public', image))
      expect(content).toEqual(expectedContent(client, image))
      expect(from).toEqual({ mirror: content.blobs, cdn: [], hub: [], basic: [] })
      table.add(client.name, titles.anyone, image.name)
    },
  )

  test.for(pulls)(
    '%s pulls %s that only its account may read, and nothing of it from the mirror',
    async ([, , client, image]) => {
      const { content, from } = await follow(client, account, within('private', image))
      expect(content).toEqual(expectedContent(client, image))
      expect(from).toEqual({ mirror: [], cdn: content.blobs, hub: [], basic: [] })
      table.add(client.name, titles.account, image.name)
    },
  )

  test.for(clients.map((client) => [client.name, client] as const))(
    '%s with an account gets what anyone may read from the mirror all the same',
    async ([, client]) => {
      const { content, from } = await follow(client, account, within('public', one))
      expect(content).toEqual(expectedContent(client, one))
      expect(from).toEqual({ mirror: content.blobs, cdn: [], hub: [], basic: [] })
    },
  )

  refusesOthers(tokens, 'private')
})

describe('from a registry with passwords and no tokens', () => {
  test.for(pulls)(
    '%s pulls %s with its account, and nothing of it from the mirror',
    async ([, , client, image]) => {
      const { content, from } = await follow(client, account, within('private', image), passwords)
      expect(content).toEqual(expectedContent(client, image))
      expect(from).toEqual({ mirror: [], cdn: [], hub: [], basic: content.blobs })
      table.add(client.name, titles.passwords, image.name)
    },
  )

  refusesOthers(passwords, 'public')
})

test('nobody but the registry was sent what clients said of themselves', async () => {
  const mirror = mirrors.faces['aws/us-east-1']
  expect((await readMirrorLog(mirror)).filter((each) => each.hasAuthorization)).toEqual([])
  expect(seenByCdn.length).toBeGreaterThan(0)
  expect(seenByCdn.filter((each) => each.hasAuthorization)).toEqual([])
  const log = await readFile(serving.log, 'utf8')
  const requests = eventsIn(log).filter(({ event }) => event === 'request')
  expect(requests.some(({ kind, status }) => kind === 'token' && status === 200)).toBe(true)
  expect(requests.some(({ reason }) => reason === 'credentials')).toBe(true)
  const both = btoa(`${account.user}:${account.password}`)
  for (const secret of [
    account.user,
    account.password,
    wrong.password,
    both,
    'Basic ',
    'Bearer ',
  ]) {
    expect(log).not.toContain(secret)
  }
  expect(log).not.toMatch(/eyJ[\w-]{10}/)
})

test('the token server was asked in its own names, and for pulling alone', () => {
  const scopes = hub.requests.flatMap((each) => each.scopes)
  expect(scopes.length).toBeGreaterThan(0)
  for (const scope of scopes)
    expect(scope).toMatch(/^repository:(?:public|private)\/team\/\w+:pull$/)
  expect(new Set(hub.requests.map(({ user }) => user))).toEqual(new Set([undefined, account.user]))
})

test('docs/pulls.md has what came of it', () => {
  const { said, found } = table.compare()
  expect(said).toBe(found)
})

/**
 * What clients say then, each in its own words. Docker tries plain HTTP once it was refused, as its
 * configuration lets it, and tells of that alone.
 */
const notKnown =
  /unauthorized|\b401\b|denied|authorization failed|invalid username|plain HTTP request was sent/i

/** Whoever has no account, or says another's password, gets nothing, and is told so at once. */
function refusesOthers(registry: string, first: string): void {
  test.for(
    clients.flatMap((client) =>
      [['with no account', undefined] as const, ['with a wrong password', wrong] as const].map(
        ([how, as]) => [client.name, how, client, as] as const,
      ),
    ),
  )('%s %s pulls nothing', async ([, , client, as]) => {
    const before = await readMirrorLog(mirrors.faces['aws/us-east-1'])
    await expect(pull(client, as, within(first, one), registry)).rejects.toThrow(notKnown)
    const after = await readMirrorLog(mirrors.faces['aws/us-east-1'])
    const byClients = after.slice(before.length).filter((each) => !own.includes(each.client))
    expect(blobsOf(byClients)).toEqual([])
  })

  test.for(['podman', 'buildah', 'skopeo'] as const)(
    '%s logs in with the account, and not with a wrong password',
    async (program) => {
      await logIn(program, account, { registry, host })
      await expect(logIn(program, wrong, { registry, host })).rejects.toThrow(notKnown)
    },
  )

  test.skipIf(dockerMissing() !== undefined)(
    'docker logs in with the account, and not with a wrong password',
    async () => {
      const engine = parts.docker[host.name]!
      await dockerLogIn(engine, join(parts.scratch, 'docker-login'), registry, account)
      await expect(
        dockerLogIn(engine, join(parts.scratch, 'docker-login-wrong'), registry, wrong),
      ).rejects.toThrow(notKnown)
    },
  )
}

async function pull(
  client: Client,
  as: Account | undefined,
  image: PushedImage,
  registry = tokens,
) {
  const configured = await pullingAs(client, as, { registry, host, parts })
  const { manifests, blobs } = await client.pull({ registry, image, host, configured })
  return { manifests, blobs }
}

/** Where nearport asks from. */
const own: readonly string[] = [service.v4, service.v6, '127.0.0.1']
const seenByCdn: Cdn['requests'] = []

/**
 * What a pull left, and where its client had its blobs from. nearport itself reads a byte now and then:
 * of what anyone may read, and of what a mirror holds.
 */
async function follow(
  client: Client,
  as: Account | undefined,
  image: PushedImage,
  registry = tokens,
) {
  const mirror = mirrors.faces['aws/us-east-1']
  const logs = async () =>
    [await readMirrorLog(mirror), await readRegistryLog(hub), await readRegistryLog(basic)] as const
  const before = await logs()
  cdn.requests.length = 0
  const content = await pull(client, as, image, registry)
  const after = await logs()
  seenByCdn.push(...cdn.requests)
  const isClients = (each: { readonly client: string }) => !own.includes(each.client)
  return {
    content,
    from: {
      mirror: sortedOnce(blobsOf(after[0].slice(before[0].length).filter(isClients))),
      cdn: sortedOnce(cdn.requests.filter(isClients).map(({ digest }) => digest)),
      hub: sortedOnce(blobsServed(after[1].slice(before[1].length)) as never),
      basic: sortedOnce(blobsServed(after[2].slice(before[2].length)) as never),
    },
  }
}

function within(first: string, image: PushedImage): PushedImage {
  return { ...image, repository: `${first}/${image.repository}` }
}

function names(): readonly string[] {
  return [...new Set(images.map(({ repository }) => repository))]
}

async function keep<T extends Stoppable>(beginning: Promise<T>): Promise<T> {
  const part = await beginning
  running.push(part)
  return part
}

/** The sample images in `public/team/…` and `private/team/…`: repositories are links to blobs. */
async function copySamples(data: string): Promise<string> {
  const from = join(dirname(parts.registry.log), 'data/docker/registry/v2')
  const to = join(data, 'docker/registry/v2')
  await mkdir(to, { recursive: true })
  await symlink(join(from, 'blobs'), join(to, 'blobs'))
  for (const first of ['public', 'private']) {
    const place = join(to, 'repositories', first, 'team')
    await cp(join(from, 'repositories/team'), place, { recursive: true })
  }
  return data
}
