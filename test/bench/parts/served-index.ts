import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import type { Digest } from '../../../src/core/digest.ts'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import type { PublishedIndex } from '../../workerd/parts/published-index.ts'
import { publishedFiles } from '../../workerd/parts/published-index.ts'
import { writeSyntheticIndex } from './synthetic-index.ts'

/** A published index, and a nearport.json with the mirrors that it names. */
export type ServedIndex = {
  readonly config: string
  readonly digests: readonly Digest[]
  /** What the address of a blob in the first mirror, `aws/eu-west-1`, begins with. */
  readonly mirrorUrl: string
  readonly close: () => Promise<void>
}

export type ServedIndexSpec = {
  readonly folder: string
  readonly port: number
  readonly blobs: number
  readonly mirrors: number
  /** How many of the blobs are told in `digests`. */
  readonly asked: number
}

const irish = 'aws/eu-west-1'

/** Publishes an index in a bucket, and writes the configuration of a service that reads it. */
export async function serveIndex(spec: ServedIndexSpec): Promise<ServedIndex> {
  let files: PublishedIndex = new Map()
  const bucket = await serveEmbedded((request) => {
    // Every mirror's bucket is the same, below a folder of its own.
    const key = new URL(request.url).pathname.split('/').slice(2).join('/')
    const content = files.get(key)
    return Promise.resolve(new Response(content ?? null, { status: content ? 200 : 404 }))
  })
  const mirrors = mirrorIds(spec.mirrors).map((id, at) => {
    const publicUrl = `${bucket.url}/m${at}`
    return { id, publicUrl, url: `${publicUrl}/containers/images/{algorithm}:{hex}` }
  })
  const index = writeSyntheticIndex(
    mirrors.map(({ id, url }) => ({ id, url })),
    spec.blobs,
  )
  files = publishedFiles(index.bytes)
  const config = join(spec.folder, `nearport-${spec.port}.json`)
  const file = {
    host: '127.0.0.1',
    port: spec.port,
    adminPort: spec.port + 1000,
    drainSeconds: 0,
    upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
    mirrors: mirrors.map(({ id, publicUrl }) => ({ id, bucket: 'b', publicUrl })),
    clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
    // There is an index here and no blob.
    health: { everySeconds: 0 },
    ranges: { refreshSeconds: 0 },
  }
  await writeFile(config, JSON.stringify(file))
  const mirrorUrl = mirrors[0]!.publicUrl
  return { config, digests: index.sample(spec.asked), mirrorUrl, close: bucket.close }
}

type RegionsFile = {
  readonly regions: readonly { readonly cloud: string; readonly region: string }[]
}

/** The first is in Ireland, the others in as many other regions of all clouds. */
function mirrorIds(count: number): readonly string[] {
  const file = new URL('../../../data/regions.json', import.meta.url)
  const { regions } = JSON.parse(readFileSync(file, 'utf8')) as RegionsFile
  const others = regions.map(({ cloud, region }) => `${cloud}/${region}`)
  const ids = [irish, ...others.filter((id) => id !== irish)].slice(0, count)
  if (ids.length < count) throw new Error(`wanted ${count} regions, got ${ids.length}`)
  return ids
}
