import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { watchAgent } from '../../src/proxy/mirror-watch/ask.ts'
import { canaryOf } from '../../src/sync/publish/canary.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import { sortedOnce } from './parts/images.ts'
import { hosts, inNamespace, service } from './parts/netns.ts'
import type { Nearport } from './parts/nearport.ts'
import { configureNearport, eventsIn } from './parts/nearport.ts'
import type { MirrorFace, MirrorRequest } from './parts/nginx.ts'
import { readMirrorLog, startNginx } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'

// Buckets of a real store that nobody may read without a signature, made by nearport itself.
const parts = inject('parts')
const clients = createClients(parts)
const [east, ireland] = ['aws/us-east-1', 'aws/eu-west-1'] as const
let nginx: Stoppable & { readonly mirrors: readonly MirrorFace[] }
let nearport: Nearport
let serving: Stoppable & { readonly log: string }
let urls: Readonly<Record<typeof east | typeof ireland, string>>

beforeAll(async () => {
  nginx = await startNginx({
    host: service.names.both,
    directory: join(parts.scratch, 'private-nginx'),
    store: parts.store.endpoint,
    mirrors: [
      { bucket: 'private-us-east-1', port: 8131 },
      { bucket: 'private-eu-west-1', port: 8132 },
    ],
    isSigned: true,
  })
  const [eastFace, irelandFace] = nginx.mirrors
  const urlOf = ({ url, bucket }: MirrorFace) => `${url}/${bucket}`
  urls = { [east]: urlOf(eastFace!), [ireland]: urlOf(irelandFace!) }
  const mirrorOf = (id: string, face: MirrorFace, urlSeconds: number) => {
    const store = { endpoint: parts.store.endpoint, forcePathStyle: true, bucket: face.bucket }
    return { id, ...store, publicUrl: urlOf(face), private: true, urlSeconds }
  }
  nearport = await configureNearport(parts, 'private', {} as never, {
    mirrors: [mirrorOf(east, eastFace!, 900), mirrorOf(ireland, irelandFace!, 2)],
  })
})
afterAll(async () => {
  await serving?.stop()
  await nginx?.stop()
})

test('nearport makes buckets that give nothing to anyone, and finds nothing wrong with them', async () => {
  const made = await nearport.cli('mirrors', 'create')
  for (const what of ['bucket', 'marker', 'public access block', 'canary']) {
    expect(made.stdout).toContain(`  ${what}: done`)
  }
  expect(made.stdout).toContain('  policy: already so')
  const checked = await nearport.cli('mirrors', 'check')
  expect(checked.stdout).toBe(`${east}: nothing is wrong\n${ireland}: nothing is wrong\n`)
  for (const id of [east, ireland] as const) {
    const canary = `${urls[id]}/containers/images/${canaryOf(id).digest}`
    expect(await statusOf(canary)).toBe(403)
    expect(await statusOf(`${urls[id]}/?list-type=2`)).toBe(403)
  }
})

test('a sync fills them, tries them by signed addresses, and the index is for nearport alone', async () => {
  expect(await nearport.sync()).toMatchObject({ exitCode: 0, problems: [] })
  for (const id of [east, ireland] as const) {
    expect(await statusOf(`${urls[id]}/nearport/index/current.json`)).toBe(403)
  }
  const listed = await nearport.cli('mirrors', 'list')
  expect(listed.stdout.match(/, serves$/gm)?.length).toBe(2)
})

describe('through nearport', () => {
  beforeAll(async () => {
    serving = await nearport.serve()
  })

  test.for(
    clients.flatMap((client) =>
      Object.values(parts.images)
        .filter(({ kind }) => client.kinds.includes(kind))
        .map((image) => [client.name, image.name, client, image] as const),
    ),
  )('%s pulls %s, with every blob from a private mirror', async ([, , client, image]) => {
    const registryBefore = await readRegistryLog(parts.registry)
    const [face] = nginx.mirrors
    const before = await readMirrorLog(face!)
    const registry = `${service.names.v4}:8080`
    const { manifests, blobs } = await client.pull({ registry, image, host: hosts.awsEast })
    expect({ manifests, blobs }).toEqual(expectedContent(client, image))

    const fromRegistry = (await readRegistryLog(parts.registry)).slice(registryBefore.length)
    expect(blobsServed(fromRegistry)).toEqual([])
    const asked = (await readMirrorLog(face!)).slice(before.length).filter(isOfBlob)
    expect(sortedOnce(asked.map(digestIn))).toEqual([...blobs])
    for (const { status, path, hasAuthorization } of asked) {
      expect([200, 206]).toContain(status)
      expect(path).toContain('X-Amz-Signature=')
      expect(hasAuthorization).toBe(false)
    }
  })

  test('an address is for its own method, for ranges too, and holds no longer than it says', async () => {
    const image = parts.images['app']!
    const blob = image.everything.blobs[0]!
    const url = `http://${service.names.v4}:8080/v2/${image.repository}/blobs/${blob}`
    const { namespace } = hosts.awsIreland
    const curl = async (...args: readonly string[]) => {
      const { stdout } = await inNamespace(namespace, ['curl', '-s', '-o', '/dev/null', ...args])
      return stdout
    }
    const status = ['-w', '%{http_code}'] as const
    const address = await curl('-w', '%{redirect_url}', url)
    const [bare, query] = address.split('?')
    expect(bare).toBe(`${urls[ireland]}/containers/images/${blob.replace(':', '%3A')}`)
    expect(query).toContain('&X-Amz-Expires=2&')

    expect(await curl(...status, address)).toBe('200')
    expect(await curl(...status, '-r', '1-', address)).toBe('206')
    expect(await curl(...status, '-I', address)).toBe('403')
    expect(await curl(...status, bare!)).toBe('403')
    // A HEAD needs no mirror: its answer is in the index.
    expect(await curl(...status, '-I', url)).toBe('200')
    await expect.poll(() => curl(...status, address), { timeout: 6000 }).toBe('403')
  })

  test('no signature stands in what nearport writes of itself', async () => {
    const log = await readFile(serving.log, 'utf8')
    expect(eventsIn(log).some(({ mirror }) => mirror === east)).toBe(true)
    expect(log).not.toMatch(/X-Amz|Signature/i)

    const image = parts.images['app']!
    const path = `/v2/${image.repository}/blobs/${image.everything.blobs[0]}`
    const { stdout } = await nearport.cli('explain', '--ip', hosts.awsIreland.v4, path)
    expect(stdout).toContain('mirror: aws/eu-west-1')
    expect(stdout).toContain('signed: yes')
    expect(stdout).not.toMatch(/X-Amz/)
  })
})

const blobPath = /\/containers\/images\/sha256%3A([0-9a-f]{64})\?/

/** A client's request for a blob: nearport itself tries its mirrors all the while. */
function isOfBlob({ path, agent }: MirrorRequest): boolean {
  return blobPath.test(path) && agent !== watchAgent
}

function digestIn({ path }: MirrorRequest) {
  return `sha256:${blobPath.exec(path)![1]!}` as never
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url)
  await answer.body?.cancel()
  return answer.status
}
