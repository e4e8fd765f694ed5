import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Digest } from '../../../../src/core/digest.ts'
import { sortedOnce } from '../images.ts'
import { isExecutable } from '../missing.ts'
import { type Host, onHost } from '../netns.ts'
import { type CommandLine, run, startProcess, type Stoppable } from '../process.ts'
import { type Client, readContent, referenceOf } from './client.ts'

/** A Docker Engine (20.10) with a root of its own. */
export type Docker = Stoppable & { readonly root: string; readonly socket: string }

const unpacked = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'nearport-e2e/docker/usr',
)
const dockerd = join(unpacked, 'sbin/dockerd')
const docker = join(unpacked, 'bin/docker')

const vfs = ['--storage-driver', 'vfs']
// It only pulls: no bridge, and no rules of ours or its own.
const noNetwork = [
  'bridge=none',
  'iptables=false',
  'ip6tables=false',
  'ip-masq=false',
  'ip-forward=false',
].map((flag) => `--${flag}`)

/** Why there is no Docker Engine here, or undefined. */
export function dockerMissing(): string | undefined {
  return isExecutable(dockerd) ? undefined : `no ${dockerd}: run test/e2e/install.sh`
}

/**
 * Starts a Docker Engine on a host, on a containerd that runs there. Registries on the service's
 * host may be plain HTTP, unless it is given a daemon.json of its own.
 */
export async function startDocker(
  host: Host,
  directory: string,
  containerdSocket: string,
  daemonJson?: string,
): Promise<Docker> {
  await mkdir(directory, { recursive: true })
  const root = join(directory, 'docker')
  const socket = join(directory, 'docker.sock')
  const config = join(directory, 'daemon.json')
  const insecure = ['198.51.100.0/24', '2001:db8::/32']
  await writeFile(config, daemonJson ?? JSON.stringify({ 'insecure-registries': insecure }))
  const exec = join(directory, 'exec')
  const pid = join(directory, 'docker.pid')
  const files = ['-H', `unix://${socket}`, '--data-root', root, '--exec-root', exec, '-p', pid]
  const storage = ['--config-file', config, '--containerd', containerdSocket, ...vfs]
  const { stop } = await startProcess({
    name: 'dockerd',
    command: onHost(host, [dockerd, ...files, ...storage, ...noNetwork]),
    logs: directory,
    ready: async () => {
      await run([docker, '-H', `unix://${socket}`, 'version'], { deadlineMs: 2_000 })
      return true
    },
  })
  return { root, socket, stop }
}

/** `docker login` by the engine, into a folder that `docker --config` takes. */
export async function dockerLogIn(
  { socket }: Pick<Docker, 'socket'>,
  folder: string,
  registry: string,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<void> {
  const cli: CommandLine = [docker, '--config', folder, '-H', `unix://${socket}`]
  await run([...cli, 'login', '-u', user, '-p', password, registry])
}

/** The command line of an engine's client. */
export function dockerCommand({ socket }: Pick<Docker, 'socket'>): CommandLine {
  return [docker, '-H', `unix://${socket}`]
}

/**
 * `docker pull` on the host's engine. The image is removed again, so that the next pull fetches
 * every byte.
 */
export function createDockerClient(
  daemons: Readonly<Record<string, Pick<Docker, 'root' | 'socket'>>>,
): Client {
  return {
    name: 'docker',
    kinds: ['image', 'index', 'docker'],
    reach: 'platform',
    keeps: 'tagged',
    available: dockerMissing,
    async pull(pull) {
      const { root, socket } = daemons[pull.host.name]!
      const { flags, env } = pull.configured ?? { flags: [], env: {} }
      const cli: CommandLine = [docker, ...flags, '-H', `unix://${socket}`]
      const reference = referenceOf(pull)
      const { tookMs } = await run([...cli, 'pull', '-q', reference], { env })
      const { stdout } = await run([...cli, 'image', 'inspect', reference])
      const [image] = JSON.parse(stdout) as readonly [InspectedImage]
      // Docker leaves out its own registry's name.
      const prefix = pull.registry === 'docker.io' ? '' : `${pull.registry}/`
      const repository = `${prefix}${pull.image.repository}@`
      const manifests = image.RepoDigests.filter((name) => name.startsWith(repository)).map(
        (name) => name.slice(repository.length) as Digest,
      )
      const config = await readContent([
        {
          file: join(root, 'image/vfs/imagedb/content/sha256', image.Id.slice('sha256:'.length)),
          digest: image.Id,
        },
      ])
      const layers = await Promise.all(
        image.RootFS.Layers.map((layer) => compressedDigest(root, layer, reference)),
      )
      await run([...cli, 'rmi', '-f', reference])
      return { manifests, blobs: sortedOnce([...config.blobs, ...layers]), tookMs }
    },
  }
}

type InspectedImage = {
  readonly Id: string
  readonly RepoDigests: readonly string[]
  readonly RootFS: { readonly Layers: readonly string[] }
}

/**
 * The engine notes, for a layer it keeps unpacked, the digest of the bytes that it came as and from
 * where.
 */
async function compressedDigest(root: string, layer: string, reference: string): Promise<Digest> {
  const folder = join(root, 'image/vfs/distribution/v2metadata-by-diffid/sha256')
  const text = await readFile(join(folder, layer.slice('sha256:'.length)), 'utf8')
  const sources = JSON.parse(text) as readonly { Digest: Digest; SourceRepository: string }[]
  const source = sources.findLast(({ SourceRepository }) =>
    reference.startsWith(`${SourceRepository}:`),
  )
  if (source === undefined) throw new Error(`docker noted no source for layer ${layer}: ${text}`)
  return source.Digest
}
