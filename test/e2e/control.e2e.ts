import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, inject, test } from 'vitest'
import { storeClient } from './parts/buckets.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import { digestOf } from './parts/layout.ts'
import { hosts, inNamespace, service } from './parts/netns.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'

// What holds with no nearport in the way. When this fails, the parts are at fault.
const parts = inject('parts')
const clients = createClients(parts)
const images = Object.values(parts.images)
const everyHost = Object.values(hosts)

describe('straight from the registry', () => {
  test.for(
    clients.flatMap((client) =>
      images
        .filter(({ kind }) => client.kinds.includes(kind))
        .map((image) => [client.name, image.name, client, image] as const),
    ),
  )('%s pulls %s, every byte of it', async ([, , client, image]) => {
    const registry = `${service.names.v4}:5000`
    const host = hosts.awsEast
    const { result, requests } = await requestsDuring(() => client.pull({ registry, image, host }))

    const { manifests, blobs } = result
    expect({ manifests, blobs }).toEqual(expectedContent(client, image))
    expect(new Set(blobsServed(requests))).toEqual(new Set(blobs))
  })

  test.for(
    clients.flatMap((client) =>
      everyHost.map((host) => [client.name, host.name, client, host] as const),
    ),
  )('%s on %s comes from that host’s addresses', async ([, , client, host]) => {
    for (const family of ['v4', 'v6'] as const) {
      const pull = {
        registry: `${service.names[family]}:5000`,
        image: parts.images['multi']!,
        host,
      }
      const { requests } = await requestsDuring(() => client.pull(pull))
      expect(new Set(requests.map((request) => request.client))).toEqual(new Set([host[family]]))
    }
  })
})

describe('a mirror', () => {
  const body = Buffer.from('a blob')
  const digest = digestOf(body)
  const mirror = parts.mirrors['aws/us-east-1']
  const url = `${mirror.url}/nearport/control/${digest}`

  test('serves what is put into its bucket to anyone, and says to whom', async () => {
    await put(`nearport/control/${digest}`)
    const before = await readMirrorLog(mirror)
    for (const host of everyHost) {
      const { stdout } = await inNamespace(host.namespace, ['curl', '-sf4', url])
      expect(stdout).toBe(body.toString())
    }
    const after = await readMirrorLog(mirror)
    expect(after.slice(before.length).map(({ client, status }) => [client, status])).toEqual(
      everyHost.map(({ v4 }) => [v4, 200]),
    )
  })

  test('notes a Range and that there was an Authorization', async () => {
    await put(`containers/images/${digest}`)
    const blob = `${mirror.url}/containers/images/${digest}`
    const before = await readMirrorLog(mirror)
    await inNamespace(hosts.nowhere.namespace, ['curl', '-sf', '-r', '0-1', blob])
    // The store refuses a token that is not its own.
    const token = ['-H', 'Authorization: Bearer nobody']
    await inNamespace(hosts.nowhere.namespace, ['curl', '-s', '-6', ...token, blob])
    const requests = (await readMirrorLog(mirror)).slice(before.length)

    expect(requests).toMatchObject([
      { method: 'GET', status: 206, bytes: 2, range: 'bytes=0-1', hasAuthorization: false },
      { client: hosts.nowhere.v6, hasAuthorization: true, range: undefined },
    ])
    expect(blobsOf(requests.slice(0, 1))).toEqual([digest])
  })

  // S3 says 403, not 404, to whoever may not list the bucket.
  test.for<[string, string]>([
    ['its listing', '/'],
    ['a key outside the public folders', '/private'],
    ['whether a blob is there', `/containers/images/sha256:${'0'.repeat(64)}`],
  ])('keeps %s from everyone', async ([, path]) => {
    await put('private')
    const response = await fetch(mirror.url + path)
    await response.arrayBuffer()
    expect(response.status).toBe(403)
  })

  async function put(key: string) {
    const client = storeClient(parts.store)
    await client.send(new PutObjectCommand({ Bucket: mirror.bucket, Key: key, Body: body }))
    client.destroy()
  }
})

test('no host reaches another one, or anything outside', async () => {
  const outside = ['curl', '-s', '--connect-timeout', '2', 'http://203.0.113.99/'] as const
  const neighbour = [
    'curl',
    '-s',
    '--connect-timeout',
    '2',
    `http://${hosts.gcpCentral.v4}/`,
  ] as const
  for (const command of [outside, neighbour]) {
    await expect(inNamespace(hosts.awsEast.namespace, command)).rejects.toThrow('code 7')
  }
})

/** What the registry was asked while something was done. */
async function requestsDuring<T>(work: () => Promise<T>) {
  const before = await readRegistryLog(parts.registry)
  const result = await work()
  const after = await readRegistryLog(parts.registry)
  return { result, requests: after.slice(before.length) }
}
