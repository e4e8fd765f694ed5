import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { mediaTypes } from '../../e2e/parts/layout.ts'
import { createNoise, createRandom } from './random.ts'

/** What a registry was filled with. Manifests are no blobs here. */
export type Corpus = {
  readonly repositories: readonly string[]
  readonly images: number
  /** Of every image, as if it were alone. */
  readonly imageBytes: number
  readonly blobs: number
  readonly uniqueBytes: number
}

type Layer = { readonly digest: string; readonly diffId: string; readonly size: number }

const tagsEach = 10
const kiB = 1024
const miB = 1024 * 1024

/**
 * Writes images into a folder as docker-registry's filesystem storage has them: much faster than a
 * push. At scale 1 they are 200 in 20 repositories, about 12 GB, of which 3 GB are unique: four
 * repositories have a base in common, the tags of a repository a runtime, and every image brings
 * some small layers; one in ten brings one of 60–100 MB. Layers are real gzip of what does not
 * compress. The same scale gives the same bytes.
 */
export function writeCorpus(directory: string, scale: number): Corpus {
  const random = createRandom(200_020)
  const between = (least: number, most: number) => Math.round(least + random() * (most - least))
  const storage = createStorage(directory)
  const { layer } = storage
  const count = Math.max(2, Math.round(20 * scale))
  const repositories = Array.from({ length: count }, (_, at) => `team-${at % 4}/service-${at}`)
  const bases = Array.from({ length: Math.ceil(count / 4) }, () =>
    [between(25 * miB, 32 * miB), between(kiB, 64 * kiB), 200].map(layer),
  )
  let imageBytes = 0

  for (const [at, repository] of repositories.entries()) {
    const base = bases[at >> 2]!
    const runtime = [between(12 * miB, 20 * miB), between(miB, 4 * miB)].map(layer)
    const large = between(0, tagsEach - 1)
    for (let tag = 0; tag < tagsEach; tag++) {
      const own = [200, between(300, 4 * kiB), between(4 * kiB, 256 * kiB), between(miB, 6 * miB)]
      if (tag === large) own.push(between(60 * miB, 100 * miB))
      const layers = [...base, ...runtime, ...own.map(layer)]
      imageBytes += storage.image(repository, `1.${tag}`, layers)
    }
  }
  const images = repositories.length * tagsEach
  return { repositories, images, imageBytes, ...storage.totals() }
}

function createStorage(directory: string) {
  const root = join(directory, 'docker/registry/v2')
  let [blobs, uniqueBytes] = [0, 0]
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const pathOf = (digest: string) => `sha256/${digest.slice('sha256:'.length)}`
  const put = (bytes: Buffer): string => {
    const digest = digestOf(bytes)
    const hex = digest.slice('sha256:'.length)
    write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, bytes)
    return digest
  }
  const putBlob = (bytes: Buffer): { readonly digest: string; readonly size: number } => {
    uniqueBytes += bytes.length
    blobs++
    return { digest: put(bytes), size: bytes.length }
  }

  return {
    totals: () => ({ blobs, uniqueBytes }),
    layer: (lengthBytes: number): Layer => {
      const bytes = createNoise(`layer ${blobs}`).read(0, lengthBytes)
      // Stored, not deflated: it is gzip to whoever looks, and made at the speed of the disk.
      return { diffId: digestOf(bytes), ...putBlob(gzipSync(bytes, { level: 0 })) }
    },
    /** Returns how many bytes it takes to pull the image. */
    image(repository: string, tag: string, layers: readonly Layer[]): number {
      const config = putBlob(
        Buffer.from(
          JSON.stringify({
            architecture: 'amd64',
            os: 'linux',
            config: { Cmd: [`/${repository}`], Labels: { tag } },
            rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
          }),
        ),
      )
      const manifest = put(
        Buffer.from(
          JSON.stringify({
            schemaVersion: 2,
            mediaType: mediaTypes.manifest,
            config: { mediaType: mediaTypes.config, ...config },
            layers: layers.map(({ digest, size }) => {
              return { mediaType: mediaTypes.layer, digest, size }
            }),
          }),
        ),
      )
      const folder = `repositories/${repository}`
      for (const { digest } of [config, ...layers]) {
        write(`${folder}/_layers/${pathOf(digest)}/link`, digest)
      }
      write(`${folder}/_manifests/revisions/${pathOf(manifest)}/link`, manifest)
      write(`${folder}/_manifests/tags/${tag}/current/link`, manifest)
      write(`${folder}/_manifests/tags/${tag}/index/${pathOf(manifest)}/link`, manifest)
      return [config, ...layers].reduce((sum, { size }) => sum + size, 0)
    },
  }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
