import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Digest } from '../../src/core/digest.ts'
import type { Cdn } from './parts/cdn.ts'
import { startCdn } from './parts/cdn.ts'
import { createClients } from './parts/clients.ts'
import type { Client } from './parts/clients/client.ts'
import { expectedContent } from './parts/clients/client.ts'
import type { PushedImage } from './parts/images.ts'
import { sortedOnce } from './parts/images.ts'
import { hosts, inNamespace, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, eventsOf, startMirrors } from './parts/nearport.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'
import type { TokenRegistry } from './parts/token-registry.ts'
import { startTokenRegistry } from './parts/token-registry.ts'

// Registries that answer nobody without a token, as Docker Hub and GHCR do, behind a nearport that
// asks in its clients' place. Every byte is followed to where it came from.
const parts = inject('parts')
const clients = createClients(parts)
const images = Object.values(parts.images)
const account = { user: 'mirror', password: 'a pass:word' }
const host = hosts.awsEast

let cdn: Cdn
/** One that sends blobs itself, and one that redirects to where they are. */
let inline: TokenRegistry
let redirecting: TokenRegistry
let mirrors: Mirrors
beforeAll(async () => {
  const scratch = join(parts.scratch, 'relay')
  await mkdir(scratch, { recursive: true })
  const folder = join(scratch, 'redirecting')
  cdn = await startCdn(5044, join(folder, 'data'))
  const spec = { host: service.names.both, account }
  inline = await startTokenRegistry({ ...spec, port: 5040, directory: join(scratch, 'inline') })
  redirecting = await startTokenRegistry({
    ...spec,
    port: 5042,
    directory: folder,
    blobsAt: cdn.url,
  })
  mirrors = await startMirrors(parts, 'relay', 8131)
  await copyImages(inline, 'public')
  await copyImages(redirecting, 'public')
  await copyImages(redirecting, 'private')
  process.env['HUB_USERNAME'] = account.user
  process.env['HUB_PASSWORD'] = account.password
})
afterAll(async () => {
  await mirrors?.stop()
  await inline?.stop()
  await redirecting?.stop()
  await cdn?.stop()
})

const pulls = clients.flatMap((client) =>
  images
    .filter(({ kind }) => client.kinds.includes(kind))
    .map((image) => [client.name, image.name, client, image] as const),
)

describe('from a registry that sends blobs itself, for anyone', () => {
  const nearport = serving('inline', () => ({
    mirrors: [],
    upstreams: [{ registry: inline.url, namespace: 'public', mode: 'relay' }],
  }))

  test.for(pulls)('%s pulls %s as straight from there', async ([, , client, image]) => {
    const registry = new URL(inline.url)
    const there = { ...image, repository: `public/${image.repository}` }
    const straight = await client.pull({ registry: registry.host, image: there, host })
    const from = (await readRegistryLog(inline)).length
    const content = await pullThrough(client, image)
    expect(content).toEqual({ manifests: straight.manifests, blobs: straight.blobs })
    expect(content).toEqual(expectedContent(client, image))
    const asked = (await readRegistryLog(inline)).slice(from)
    expect(sortedOnce(blobsServed(asked) as Digest[])).toEqual(content.blobs)
    expect(new Set(asked.map(({ agent }) => agent))).toEqual(new Set(['nearport']))
  })

  test('one token a repository is enough for all of them', async () => {
    const before = inline.requests.length
    const [image] = images
    await pullThrough(clients[0]!, image!)
    expect(inline.requests.length).toBe(before)
  })

  test('tags come with a token too, under our own name', async () => {
    const { stdout } = await curl('/v2/team/multi/tags/list')
    expect(JSON.parse(stdout)).toEqual({ name: 'team/multi', tags: ['2.0', 'nested'] })
  })

  test('what is not for anyone is unknown here', async () => {
    const { stdout } = await curl('/v2/team/none/manifests/1.0')
    expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: 'MANIFEST_UNKNOWN' }] })
  })

  test('every request is one event, and none holds a token', async () => {
    const events = await eventsOf(nearport())
    const log = JSON.stringify(events)
    const requests = events.filter(({ event }) => event === 'request')
    expect(requests.some(({ kind, status }) => kind === 'manifest' && status === 200)).toBe(true)
    expect(log).not.toMatch(/eyJ[\w-]{10}/)
  })
})

describe('from a registry that redirects, for anyone', () => {
  serving('redirecting', () => ({
    mirrors: [],
    upstreams: [{ registry: redirecting.url, namespace: 'public', mode: 'relay' }],
  }))

  test.for(pulls)(
    '%s pulls %s, with no byte of a blob through nearport',
    async ([, , client, image]) => {
      const from = (await readRegistryLog(redirecting)).length
      cdn.requests.length = 0
      const content = await pullThrough(client, image)
      expect(content).toEqual(expectedContent(client, image))
      expect(blobsServed((await readRegistryLog(redirecting)).slice(from))).toEqual([])
      expect(sortedOnce(cdn.requests.map(({ digest }) => digest))).toEqual(content.blobs)
      for (const { client: address, hasAuthorization } of cdn.requests) {
        expect([host.v4, host.v6]).toContain(address)
        expect(hasAuthorization).toBe(false)
      }
    },
  )

  test('a HEAD has the length and digest of each blob', async () => {
    const [image] = images
    for (const [digest, size] of Object.entries(image!.sizes)) {
      const { stdout } = await curl(`/v2/${image!.repository}/blobs/${digest}`, '-I')
      expect(stdout).toMatch(/^HTTP\/1\.1 200/)
      expect(stdout.toLowerCase()).toContain(`content-length: ${size}\r\n`)
      expect(stdout).toContain(digest)
    }
  })
})

describe('from a registry that wants credentials, with mirrors', () => {
  const nearport = serving('private', () => ({
    upstreams: [
      {
        registry: redirecting.url,
        namespace: 'private',
        mode: 'relay',
        credentials: 'HUB',
        cloud: 'gcp',
      },
    ],
    sync: { repositories: [...new Set(images.map(({ repository }) => repository))] },
  }))

  test('sync fills the mirrors with the same credentials', async () => {
    expect(await nearport().sync()).toMatchObject({ exitCode: 0, problems: [] })
    // nearport looks for a newer index every 0.3 s.
    await new Promise((resolve) => setTimeout(resolve, 1500))
  })

  test.for(pulls)(
    '%s pulls %s: manifests through nearport, blobs from the mirror',
    async ([, , client, image]) => {
      const mirror = mirrors.faces['aws/us-east-1']
      const from = (await readMirrorLog(mirror)).length
      cdn.requests.length = 0
      const content = await pullThrough(client, image)
      expect(content).toEqual(expectedContent(client, image))
      expect(cdn.requests).toEqual([])
      const asked = (await readMirrorLog(mirror))
        .slice(from)
        .filter(({ path }) => !path.startsWith('/nearport/'))
      expect(sortedOnce(blobsOf(asked))).toEqual(content.blobs)
      expect(asked.some(({ hasAuthorization }) => hasAuthorization)).toBe(false)
    },
  )

  test('the token server knew who asked, and nobody was told the password', async () => {
    expect(redirecting.requests.at(-1)!.user).toBe(account.user)
    const logs = [nearport().log, redirecting.log, mirrors.faces['aws/us-east-1'].log]
    for (const log of logs) expect(await readFile(log, 'utf8')).not.toContain(account.password)
  })
})

/** Serves a configuration of its own while the tests of one `describe` run. */
function serving(name: string, changes: () => object) {
  let running: (Nearport & Stoppable & { readonly log: string }) | undefined
  beforeAll(async () => {
    const nearport = await configureNearport(parts, `relay-${name}`, mirrors.faces, changes())
    running = { ...nearport, ...(await nearport.serve()) }
  })
  afterAll(() => running?.stop())
  return () => running!
}

async function pullThrough(client: Client, image: PushedImage) {
  const registry = `${service.names.v4}:8080`
  const { manifests, blobs } = await client.pull({ registry, image, host })
  return { manifests, blobs }
}

function curl(path: string, ...flags: readonly string[]) {
  const url = `http://${service.names.v4}:8080${path}`
  return inNamespace(host.namespace, ['curl', '-s', ...flags, url])
}

/** Copies every sample image under a first segment, over the registry's API. */
async function copyImages(to: TokenRegistry, first: string): Promise<void> {
  for (const image of images) {
    const repository = `${first}/${image.repository}`
    const base = `${to.url}/v2/${repository}`
    const headers = to.pushHeaders(repository)
    for (const digest of image.everything.blobs) {
      const { bytes } = await read(`${image.repository}/blobs/${digest}`)
      const upload = await send(202, `${base}/blobs/uploads/`, { method: 'POST', headers })
      const at = new URL(upload.headers.get('location')!, to.url)
      at.searchParams.set('digest', digest)
      const type = { 'content-type': 'application/octet-stream' }
      await send(201, at.href, { method: 'PUT', headers: { ...headers, ...type }, body: bytes })
    }
    // An index is taken once all that it names is there.
    const children = image.everything.manifests.filter((digest) => digest !== image.digest)
    const manifests = await Promise.all(
      [...children, image.tag].map(async (reference) => {
        const { bytes, type } = await read(`${image.repository}/manifests/${reference}`)
        return { reference, bytes, type, isIndex: bytes.includes('"manifests"') }
      }),
    )
    for (const { reference, bytes, type } of [
      ...manifests.filter(({ isIndex }) => !isIndex),
      ...manifests.filter(({ isIndex }) => isIndex),
    ]) {
      const put = { method: 'PUT', headers: { ...headers, 'content-type': type }, body: bytes }
      await send(201, `${base}/manifests/${reference}`, put)
    }
  }
}

async function read(path: string) {
  const accept =
    'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, ' +
    'application/vnd.docker.distribution.manifest.v2+json, */*'
  const answer = await send(200, `${parts.registry.url}/v2/${path}`, { headers: { accept } })
  const type = answer.headers.get('content-type')!
  return { bytes: Buffer.from(await answer.arrayBuffer()), type }
}

async function send(wanted: number, url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init)
  if (answer.status === wanted) return answer
  throw new Error(`wanted ${wanted} to ${init.method ?? 'GET'} ${url}, got ${answer.status}`)
}
