import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Digest } from '../../../../src/core/digest.ts'
import { type Content, type ImageKind, type PushedImage, sortedOnce } from '../images.ts'
import { digestOf } from '../layout.ts'
import type { Host } from '../netns.ts'

/** What to pull, from where, and on which host. */
export type Pull = {
  /** `host:port` */
  readonly registry: string
  readonly image: Pick<PushedImage, 'kind' | 'repository' | 'tag'>
  readonly host: Host
  /** The client's own configuration, in place of flags that let it use plain HTTP anywhere. */
  readonly configured?: Configured
}

/** Where a client finds its configuration. */
export type Configured = {
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/**
 * What a pull left in the client's own storage. Each digest is of bytes read there and hashed
 * again, or, where a client keeps a layer only unpacked, the one it noted when it checked what
 * came.
 */
export type PulledImage = Content & { readonly tookMs: number }

/**
 * One program that pulls images, as people run it. Every pull starts with nothing of the image at
 * hand.
 */
export type Client = {
  readonly name: string
  readonly kinds: readonly ImageKind[]
  /** Whether it takes the images of every platform, or only this machine's. */
  readonly reach: 'everything' | 'platform'
  /** Which manifests it keeps: all it fetched, or the digest of the tagged one alone. */
  readonly keeps: 'manifests' | 'tagged'
  /** Why it cannot run on this machine, or undefined when it can. */
  readonly available: () => string | undefined
  /** Fails with the client's own last words. */
  readonly pull: (pull: Pull) => Promise<PulledImage>
}

/** `host:port/repository:tag`, as every client takes it. */
export function referenceOf({ registry, image }: Pull): string {
  return `${registry}/${image.repository}:${image.tag}`
}

/** What a client has to have after a pull of this image. */
export function expectedContent(client: Client, image: PushedImage): Content {
  const { manifests, blobs } = client.reach === 'everything' ? image.everything : image.platform
  return { manifests: client.keeps === 'tagged' ? [image.digest] : manifests, blobs }
}

/** A new empty folder for one pull, among the run's other files when there is a run. */
export async function pullFolder(client: string): Promise<string> {
  return mkdtemp(join(process.env['NEARPORT_E2E_SCRATCH'] ?? tmpdir(), `${client}-`))
}

/**
 * Hashes these files and tells manifests from blobs by their content. Throws when a file is not
 * what its name says.
 */
export async function readContent(
  files: readonly { readonly file: string; readonly digest?: string }[],
): Promise<Content> {
  const manifests: Digest[] = []
  const blobs: Digest[] = []
  for (const { file, digest: wanted } of files) {
    const bytes = await readFile(file)
    const digest = digestOf(bytes)
    if (wanted !== undefined && digest !== wanted) {
      throw new Error(`wanted the bytes of ${wanted} in ${file}, got those of ${digest}`)
    }
    ;(isManifest(bytes) ? manifests : blobs).push(digest)
  }
  return { manifests: sortedOnce(manifests), blobs: sortedOnce(blobs) }
}

function isManifest(bytes: Buffer): boolean {
  if (bytes[0] !== '{'.charCodeAt(0)) return false
  const document = JSON.parse(bytes.toString()) as { readonly schemaVersion?: number }
  return document.schemaVersion === 2
}
