import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../../../../src/core/digest.ts'
import { type Content, sortedOnce } from '../images.ts'
import { inNamespace } from '../netns.ts'
import { type Client, pullFolder, readContent, referenceOf } from './client.ts'

/** podman and buildah: `pull` into a storage of its own, which is then read. */
export const podman = storageClient('podman')
export const buildah = storageClient('buildah')

function storageClient(name: 'podman' | 'buildah'): Client {
  return {
    name,
    kinds: ['image', 'index', 'docker'],
    reach: 'platform',
    keeps: 'manifests',
    available: () => undefined,
    async pull(pull) {
      const folder = await pullFolder(name)
      const root = join(folder, 'root')
      const policy = join(folder, 'policy.json')
      await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}')
      const storage = ['--root', root, '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
      const temporary = name === 'podman' ? ['--tmpdir', join(folder, 'tmp')] : []
      const { flags, env } = pull.configured ?? { flags: ['--tls-verify=false'], env: {} }
      const trust = [...flags, '--signature-policy', policy]
      const { tookMs } = await inNamespace(
        pull.host.namespace,
        [name, ...storage, ...temporary, 'pull', '-q', ...trust, referenceOf(pull)],
        { env: { HOME: folder, ...env } },
      )
      const content = await readStorage(root)
      await rm(folder, { recursive: true })
      return { ...content, tookMs }
    },
  }
}

/**
 * What a containers/storage root holds: manifests and configs as files; of a layer, kept unpacked,
 * the digest that was computed of the compressed bytes as they came.
 */
async function readStorage(root: string): Promise<Content> {
  const images = await readJson<readonly StoredImage[]>(join(root, 'vfs-images/images.json'))
  const layers = await readJson<readonly StoredLayer[]>(join(root, 'vfs-layers/layers.json'))
  const files = images.flatMap(({ id, 'big-data-digests': digests }) =>
    Object.entries(digests)
      // An empty file beside each manifest, for signatures that nobody made.
      .filter(([key]) => !key.startsWith('signature'))
      .map(([key, digest]) => ({ file: join(root, 'vfs-images', id, fileName(key)), digest })),
  )
  const { manifests, blobs } = await readContent(files)
  const compressed = layers.map((layer) => layer['compressed-diff-digest'])
  return { manifests, blobs: sortedOnce([...blobs, ...compressed]) }
}

type StoredImage = {
  readonly id: string
  readonly 'big-data-digests': Readonly<Record<string, string>>
}

type StoredLayer = { readonly 'compressed-diff-digest': Digest }

/**
 * Names with any other sign are in base64 behind a `=` (containers/storage, `makeBigDataBaseName`).
 */
function fileName(key: string): string {
  return /^[a-z0-9A-Z]+$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}
