import { createHash } from 'node:crypto'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { createDemo } from '../../src/embedded/demo.ts'
import { createSamples } from '../../src/embedded/samples.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { clientOf } from './store-conformance.ts'

type ManifestJson = {
  readonly manifests?: readonly { readonly digest: string; readonly platform?: object }[]
  readonly config?: { readonly digest: string }
  readonly layers?: readonly { readonly digest: string }[]
}

test('hello:1.0 is an index of two platforms whose every blob has its digest', async () => {
  const { registry } = createDemo()
  const served = await serveEmbedded(registry.fetch)
  const get = (path: string) => fetch(`${served.url}/v2/hello/${path}`)

  const index = (await (await get('manifests/1.0')).json()) as ManifestJson
  expect(index.manifests?.map(({ platform }) => platform)).toEqual([
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
  ])
  for (const { digest } of index.manifests ?? []) {
    const { config, layers = [] } = (await (
      await get(`manifests/${digest}`)
    ).json()) as ManifestJson
    for (const blob of [config, ...layers]) {
      const bytes = new Uint8Array(await (await get(`blobs/${blob?.digest}`)).arrayBuffer())
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(blob?.digest)
    }
  }
  await served.close()
})

test('every sample can be asked for by each of its tags', async () => {
  const { registry } = createDemo()
  for (const { repository, tags, image } of createSamples()) {
    for (const reference of [image.descriptor.digest, ...tags]) {
      const url = `http://registry.test/v2/${repository}/manifests/${reference}`
      const answer = await registry.fetch(new Request(url))
      expect(answer.headers.get('docker-content-digest')).toBe(image.descriptor.digest)
    }
  }
})

test('what sync writes to a mirror anyone can read under the two prefixes, and nowhere else', async () => {
  const { store, mirrors, credentials } = createDemo()
  expect(mirrors.map(({ id }) => id)).toEqual(['aws/us-east-1', 'aws/eu-west-1'])
  const served = await serveEmbedded(store.fetch)

  for (const { id, bucket: Bucket } of mirrors) {
    expect(store.keys(Bucket)).toEqual([])
    const region = id.replace('aws/', '')
    const client = clientOf({ endpoint: served.url, region, ...credentials })
    for (const Key of ['containers/images/sha256:1', 'nearport/mirror.json', 'other']) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))
    }
    client.destroy()
    const status = async (path: string) => (await fetch(`${served.url}/${Bucket}${path}`)).status
    expect(await status('/containers/images/sha256:1')).toBe(200)
    expect(await status('/nearport/mirror.json')).toBe(200)
    expect(await status('/containers/images/sha256:2')).toBe(403)
    expect(await status('/other')).toBe(403)
    expect(await status('?list-type=2')).toBe(403)
  }
  await served.close()
})
