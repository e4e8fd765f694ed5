import { cp, mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startBasicRegistry } from './basic-registry.ts'
import { startCdn } from './cdn.ts'
import { service } from './netns.ts'
import type { Stoppable } from './process.ts'
import { startRegistry } from './registry.ts'
import type { Parts } from './setup.ts'
import { startTokenRegistry } from './token-registry.ts'

/** A docker-registry that lets its clients in as one of those does that images are pulled from. */
export type UpstreamKind = {
  readonly name: string
  /** What heads its column in docs/pulls.md. */
  readonly title: string
  readonly port: number
  /** What stands before the names of its repositories, which says who may pull them. */
  readonly namespace: string
  /** What it wants of those whom it lets in. */
  readonly wants: 'nothing' | 'token' | 'credentials'
  /** What its credentials' names in the environment begin with, where it wants any. */
  readonly credentials?: string
}

const firstPort = 5080
const cdnPort = 5088

/** As Docker Hub and GHCR, it sends clients elsewhere for blobs; one registry is both. */
const withTokens = { port: firstPort + 2 } as const

export const upstreamKinds: readonly UpstreamKind[] = [
  { name: 'open', title: 'open', port: firstPort, namespace: '', wants: 'nothing' },
  { name: 'front', title: 'open, with CDN', port: firstPort + 1, namespace: '', wants: 'nothing' },
  { name: 'hub', title: 'tokens, with CDN', ...withTokens, namespace: 'public', wants: 'token' },
  {
    name: 'ghcr',
    title: 'tokens for an account, with CDN',
    ...withTokens,
    namespace: 'private',
    wants: 'credentials',
    credentials: 'KIND',
  },
  {
    name: 'basic',
    title: 'Basic',
    port: firstPort + 4,
    namespace: '',
    wants: 'credentials',
    credentials: 'KIND',
  },
]

/** The URL of a kind's registry. */
export function urlOf({ port }: UpstreamKind): string {
  return `http://${service.names.both}:${port}`
}

/**
 * Starts all of them, over one folder with the sample images, which are in each as
 * `NAMESPACE/PREFIX/NAME/team/…` for every one of the prefixes. The account's credentials are in the environment then.
 */
export async function startUpstreamKinds(
  parts: Parts,
  directory: string,
  prefixes: readonly string[],
): Promise<Stoppable> {
  const data = join(directory, 'data')
  await copySamples(join(dirname(parts.registry.log), 'data'), data, prefixes)
  const account = { user: 'mirror', password: 'a pass:word' }
  process.env['KIND_USERNAME'] = account.user
  process.env['KIND_PASSWORD'] = account.password

  const cdn = await startCdn(cdnPort, data)
  const running: Stoppable[] = [cdn]
  const stop = async () => {
    await Promise.all(running.map((part) => part.stop()))
  }
  const spec = async (name: string) => {
    const own = join(directory, name)
    await mkdir(own)
    await symlink(data, join(own, 'data'))
    const { port } = upstreamKinds.find((kind) => kind.name === name)!
    return { host: service.names.both, port, directory: own }
  }
  try {
    running.push(await startRegistry(await spec('open')))
    running.push(await startRegistry({ ...(await spec('front')), blobsAt: cdn.url }))
    running.push(
      await startTokenRegistry({ ...(await spec('hub')), blobsAt: cdn.url, account }),
      await startBasicRegistry({ ...(await spec('basic')), account }),
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

/** A registry's folder: repositories are links to blobs by digest, so only those are copied. */
async function copySamples(from: string, to: string, prefixes: readonly string[]): Promise<void> {
  const [there, here] = [from, to].map((folder) => join(folder, 'docker/registry/v2'))
  await mkdir(here!, { recursive: true })
  await symlink(join(there!, 'blobs'), join(here!, 'blobs'))
  const places = upstreamKinds.flatMap(({ name, namespace }) =>
    prefixes.map((prefix) => join(here!, 'repositories', namespace, prefix, name, 'team')),
  )
  const team = join(there!, 'repositories/team')
  await Promise.all(places.map((place) => cp(team, place, { recursive: true })))
}
