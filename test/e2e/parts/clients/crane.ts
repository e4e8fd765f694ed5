import { readdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isExecutable } from '../missing.ts'
import { inNamespace } from '../netns.ts'
import { run } from '../process.ts'
import { type Client, pullFolder, readContent, referenceOf } from './client.ts'

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
const program = join(cache, 'nearport-e2e/crane')
const whyNot = 'test/e2e/install.sh builds it where the apt sources have it (bookworm-backports)'

/** `crane auth login`, into a folder that DOCKER_CONFIG names. It asks nobody. */
export async function craneLogIn(
  folder: string,
  registry: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<void> {
  const env = { DOCKER_CONFIG: folder, HOME: folder }
  await run([program, 'auth', 'login', '-u', user, '-p', password, registry], { env })
}

/** `crane pull` into an OCI layout, which holds every byte as it came. */
export const crane: Client = {
  name: 'crane',
  kinds: ['image', 'index', 'nested', 'artifact', 'docker'],
  reach: 'everything',
  keeps: 'manifests',
  available: () => (isExecutable(program) ? undefined : `no ${program}: ${whyNot}`),
  async pull(pull) {
    const folder = await pullFolder('crane')
    const { flags, env } = pull.configured ?? { flags: ['--insecure'], env: {} }
    const { tookMs } = await inNamespace(
      pull.host.namespace,
      [program, 'pull', ...flags, '--format', 'oci', referenceOf(pull), join(folder, 'image')],
      { env: { HOME: folder, ...env } },
    )
    const blobs = join(folder, 'image/blobs/sha256')
    const names = await readdir(blobs)
    const content = await readContent(
      names.map((name) => ({ file: join(blobs, name), digest: `sha256:${name}` })),
    )
    await rm(folder, { recursive: true })
    return { ...content, tookMs }
  },
}
