import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { inNamespace } from '../netns.ts'
import { type Client, pullFolder, readContent, referenceOf } from './client.ts'

/** `skopeo copy --all` into a folder, which holds every byte as it came. */
export const skopeo: Client = {
  name: 'skopeo',
  kinds: ['image', 'index', 'artifact', 'docker'],
  reach: 'everything',
  keeps: 'manifests',
  available: () => undefined,
  async pull(pull) {
    const folder = await pullFolder('skopeo')
    const { flags, env } = pull.configured ?? { flags: ['--src-tls-verify=false'], env: {} }
    const copy = ['copy', '--insecure-policy', '-q', '--all', ...flags]
    const { tookMs } = await inNamespace(
      pull.host.namespace,
      ['skopeo', ...copy, `docker://${referenceOf(pull)}`, `dir:${folder}`],
      { env },
    )
    const names = (await readdir(folder)).filter((name) => name !== 'version')
    const content = await readContent(names.map((name) => named(folder, name)))
    await rm(folder, { recursive: true })
    return { ...content, tookMs }
  },
}

/**
 * Blobs are called HEX, manifests HEX.manifest.json, and the one that was asked for manifest.json.
 */
function named(folder: string, name: string): { file: string; digest?: string } {
  const hex = /^[0-9a-f]{64}/.exec(name)?.[0]
  const file = join(folder, name)
  return hex === undefined ? { file } : { file, digest: `sha256:${hex}` }
}
