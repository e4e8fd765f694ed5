import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Digest } from '../../../src/core/digest.ts'
import { createLayout, digestOf, type Layout, mediaTypes, tar } from './layout.ts'
import { run } from './process.ts'

/** What makes a difference to a client: which of them can pull it at all. */
export type ImageKind = 'image' | 'index' | 'nested' | 'artifact' | 'docker'

/**
 * Digests without order: manifests with what they list, blobs that manifests name. Sorted, so that
 * they compare.
 */
export type Content = { readonly manifests: readonly Digest[]; readonly blobs: readonly Digest[] }

/** An image as the registry has it, read back from there after the push. */
export type PushedImage = {
  readonly name: string
  readonly kind: ImageKind
  readonly repository: string
  readonly tag: string
  /** Of the manifest or index that the tag names. */
  readonly digest: Digest
  /** Everything the tag leads to. */
  readonly everything: Content
  /** What a host of this machine's platform pulls of it. */
  readonly platform: Content
  /** Bytes of every blob. */
  readonly sizes: Readonly<Record<string, number>>
}

/** The architecture of this machine, in the words of an OCI platform. */
export const architecture = process.arch === 'x64' ? 'amd64' : process.arch

const bigLayerMiB = 6

const copyAll = [
  'skopeo',
  '--insecure-policy',
  'copy',
  '-q',
  '--all',
  '--dest-tls-verify=false',
] as const

const pushes = [
  { name: 'app', kind: 'image', repository: 'team/app', tag: '1.0' },
  { name: 'multi', kind: 'index', repository: 'team/multi', tag: '2.0' },
  { name: 'artifact', kind: 'artifact', repository: 'team/artifact', tag: 'chart' },
  { name: 'signature', kind: 'artifact', repository: 'team/app', tag: '' },
  { name: 'docker', kind: 'docker', repository: 'team/docker', tag: '1.0' },
] as const

/**
 * Makes the sample images, the same on every run, and pushes them with skopeo: `app`, `multi` (an
 * index of three platforms), `nested` (an index of that index), `artifact` (a chart with the empty
 * config), `signature` (cosign's tag for `app`) and `docker` (`app` with Docker's media types).
 * Their layers are several MiB in all.
 */
export async function pushImages(
  registryUrl: string,
  directory: string,
): Promise<Readonly<Record<string, PushedImage>>> {
  const layout = createLayout()
  const signatureTag = addImages(layout)
  const layoutDirectory = join(directory, 'layout')
  await layout.write(layoutDirectory)

  const host = new URL(registryUrl).host
  const tagged = pushes.map((push) => ({ ...push, tag: push.tag === '' ? signatureTag : push.tag }))
  await Promise.all(
    tagged.map(async ({ name, kind, repository, tag }) => {
      const asDocker = kind === 'docker'
      const format = asDocker ? ['--format', 'v2s2'] : ['--preserve-digests']
      const from = `oci:${layoutDirectory}:${asDocker ? 'app' : name}`
      await run([...copyAll, ...format, from, `docker://${host}/${repository}:${tag}`])
    }),
  )
  const nested = {
    name: 'nested',
    kind: 'nested',
    repository: 'team/multi',
    tag: 'nested',
  } as const
  await pushNested(registryUrl, nested)

  const images = await Promise.all(
    [...tagged, nested].map(
      async (push) => [push.name, await readImage(registryUrl, push)] as const,
    ),
  )
  return Object.fromEntries(images)
}

/** Reads an image's manifests from a registry. The blobs' bytes are not fetched. */
export async function readImage(
  registryUrl: string,
  image: Pick<PushedImage, 'name' | 'kind' | 'repository' | 'tag'>,
): Promise<PushedImage> {
  const sizes: Record<string, number> = {}
  const walk = async (reference: string): Promise<Walked> => {
    const { digest, document } = await readManifest(registryUrl, image.repository, reference)
    const blobs = [document.config, ...(document.layers ?? [])].filter((blob) => blob !== undefined)
    for (const blob of blobs) sizes[blob.digest] = blob.size

    const children = await Promise.all(
      (document.manifests ?? []).map(async (child) => ({
        walked: await walk(child.digest),
        ours: child.platform === undefined || child.platform.architecture === architecture,
      })),
    )
    const own = { manifests: [digest], blobs: blobs.map((blob) => blob.digest) }
    return {
      digest,
      everything: merge([own, ...children.map(({ walked }) => walked.everything)]),
      platform: merge([
        own,
        ...children.filter(({ ours }) => ours).map(({ walked }) => walked.platform),
      ]),
    }
  }
  const walked = await walk(image.tag)
  const { name, kind, repository, tag } = image
  return { name, kind, repository, tag, ...walked, sizes }
}

type Walked = Pick<PushedImage, 'digest' | 'everything' | 'platform'>

type ManifestDocument = {
  readonly config?: { readonly digest: Digest; readonly size: number }
  readonly layers?: readonly { readonly digest: Digest; readonly size: number }[]
  readonly manifests?: readonly {
    readonly digest: Digest
    readonly platform?: { readonly architecture: string }
  }[]
}

/**
 * Adds every image to the layout; returns the tag that cosign would give the signature of `app`.
 */
function addImages(layout: Layout): string {
  const hello = { name: 'hello', data: Buffer.from('hi\n'), mode: 0o755 }
  const noise = createHash('shake256', { outputLength: bigLayerMiB << 20 }).update('nearport')

  const app = layout.image(architecture, [[hello], [{ name: 'noise', data: noise.digest() }]])
  layout.name(app, 'app')

  const platforms = ['amd64', 'arm64', 's390x'].map((each) => ({
    ...layout.image(each, [[hello], [{ name: 'platform', data: Buffer.from(each) }]]),
    platform: { os: 'linux', architecture: each },
  }))
  layout.name(layout.index(platforms), 'multi')

  const chart = tar([{ name: 'Chart.yaml', data: Buffer.from('name: demo\nversion: 1.0.0\n') }])
  const artifact = layout.manifest(
    layout.json(mediaTypes.empty, {}),
    [layout.blob(mediaTypes.chart, gzipSync(chart))],
    { artifactType: mediaTypes.chartArtifact },
  )
  layout.name(artifact, 'artifact')

  const payload = layout.json(mediaTypes.signature, {
    critical: {
      identity: { 'docker-reference': 'team/app' },
      image: { 'docker-manifest-digest': app.digest },
      type: 'cosign container image signature',
    },
    optional: null,
  })
  const signatureConfig = layout.json(mediaTypes.config, {
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: [payload.digest] },
  })
  const annotations = { 'dev.cosignproject.cosign/signature': 'MEUCIQ==' }
  layout.name(layout.manifest(signatureConfig, [{ ...payload, annotations }]), 'signature')
  return `${app.digest.replace(':', '-')}.sig`
}

/** skopeo copies no index inside an index, so this one manifest is put by hand. */
async function pushNested(
  registryUrl: string,
  { repository, tag }: { readonly repository: string; readonly tag: string },
): Promise<void> {
  const inner = await readManifest(registryUrl, repository, '2.0')
  const manifests = [{ mediaType: mediaTypes.index, digest: inner.digest, size: inner.size }]
  const response = await fetch(`${registryUrl}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': mediaTypes.index },
    body: JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }),
  })
  if (response.status !== 201) {
    throw new Error(`wanted 201 to PUT ${response.url}, got ${response.status}`)
  }
}

async function readManifest(registryUrl: string, repository: string, reference: string) {
  const accept = [
    mediaTypes.manifest,
    mediaTypes.index,
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
  ].join(', ')
  const response = await fetch(`${registryUrl}/v2/${repository}/manifests/${reference}`, {
    headers: { accept },
  })
  const bytes = Buffer.from(await response.arrayBuffer())
  if (response.status !== 200) {
    throw new Error(`wanted 200 to GET ${response.url}, got ${response.status}`)
  }
  const document = JSON.parse(bytes.toString()) as ManifestDocument
  return { digest: digestOf(bytes), size: bytes.length, document }
}

/** One content of many, each digest once, sorted. */
function merge(contents: readonly Content[]): Content {
  return {
    manifests: sortedOnce(contents.flatMap(({ manifests }) => manifests)),
    blobs: sortedOnce(contents.flatMap(({ blobs }) => blobs)),
  }
}

/** Each digest once, sorted. */
export function sortedOnce(digests: readonly Digest[]): Digest[] {
  return [...new Set(digests)].toSorted()
}
