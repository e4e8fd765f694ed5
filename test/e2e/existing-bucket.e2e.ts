import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { storeClient } from './parts/buckets.ts'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import { blobsOf, readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import { blobsServed, readRegistryLog } from './parts/registry.ts'

// A bucket that somebody else filled, laid out as registry.k8s.io's are: a mirror by configuration
// alone.
const parts = inject('parts')
const image = parts.images['app']!
let mirrors: Mirrors
let serving: Stoppable

beforeAll(async () => {
  mirrors = await startMirrors(parts, 'existing', 8131)
  const client = storeClient(parts.store)
  for (const digest of image.everything.blobs) {
    const blob = await fetch(`${parts.registry.url}/v2/${image.repository}/blobs/${digest}`)
    await client.send(
      new PutObjectCommand({
        Bucket: mirrors.faces['aws/us-east-1'].bucket,
        Key: `containers/images/${digest}`,
        Body: new Uint8Array(await blob.arrayBuffer()),
      }),
    )
  }
  client.destroy()
  const nearport = await configureNearport(parts, 'existing', mirrors.faces, { presence: 'probe' })
  serving = await nearport.serve()
})
afterAll(async () => {
  await serving?.stop()
  await mirrors?.stop()
})

test.for(createClients(parts).map((client) => [client.name, client] as const))(
  '%s pulls from a bucket that was never synced',
  async ([, client]) => {
    const mirror = mirrors.faces['aws/us-east-1']
    const [mirrorBefore, registryBefore] = [
      await readMirrorLog(mirror),
      await readRegistryLog(parts.registry),
    ]
    const pull = { registry: `${service.names.both}:8080`, image, host: hosts.awsEast }
    const { manifests, blobs } = await client.pull(pull)
    expect({ manifests, blobs }).toEqual(expectedContent(client, image))

    const served = blobsOf((await readMirrorLog(mirror)).slice(mirrorBefore.length))
    expect(new Set(served)).toEqual(new Set(blobs))
    const upstream = (await readRegistryLog(parts.registry)).slice(registryBefore.length)
    expect(blobsServed(upstream)).toEqual([])
  },
)
