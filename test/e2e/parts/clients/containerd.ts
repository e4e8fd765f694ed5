import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Host, inNamespace, onHost } from '../netns.ts'
import { type CommandLine, run, startProcess, type Stoppable } from '../process.ts'
import { type Client, readContent, referenceOf } from './client.ts'

/** A containerd (1.6) with a root of its own. */
export type Containerd = Stoppable & { readonly root: string; readonly socket: string }

/** Starts a containerd on a host. */
export async function startContainerd(host: Host, directory: string): Promise<Containerd> {
  await mkdir(directory, { recursive: true })
  const root = join(directory, 'containerd')
  const socket = join(directory, 'containerd.sock')
  const config = join(directory, 'config.toml')
  await writeFile(config, configuration(root, join(directory, 'state'), socket))
  const { stop } = await startProcess({
    name: 'containerd',
    command: onHost(host, ['containerd', '-c', config]),
    logs: directory,
    ready: async () => {
      await run(['ctr', '-a', socket, 'version'], { deadlineMs: 2_000 })
      return true
    },
  })
  return { root, socket, stop }
}

/**
 * `ctr images pull` against the host's containerd; what is no image is fetched and not unpacked.
 */
export function createContainerdClient(
  daemons: Readonly<Record<string, Pick<Containerd, 'root' | 'socket'>>>,
): Client {
  return {
    name: 'containerd',
    kinds: ['image', 'index', 'nested', 'artifact', 'docker'],
    reach: 'platform',
    keeps: 'manifests',
    available: () => undefined,
    async pull(pull) {
      const { root, socket } = daemons[pull.host.name]!
      // Content is not shared between namespaces (see the configuration): a new one has nothing at
      // hand.
      const ctr: CommandLine = ['ctr', '-a', socket, '-n', randomUUID()]
      const isImage = pull.image.kind !== 'artifact' && pull.image.kind !== 'nested'
      const verb = isImage ? ['images', 'pull', '--snapshotter', 'native'] : ['content', 'fetch']
      // The requests are made by ctr, not by the daemon: it has to be on the host.
      const { flags, env } = pull.configured ?? { flags: ['--plain-http'], env: {} }
      const { tookMs } = await inNamespace(
        pull.host.namespace,
        [...ctr, ...verb, ...flags, referenceOf(pull)],
        { env },
      )
      const { stdout } = await run([...ctr, 'content', 'ls', '-q'])
      const store = join(root, 'io.containerd.content.v1.content/blobs/sha256')
      const digests = stdout.split('\n').filter(Boolean)
      const content = await readContent(
        digests.map((digest) => ({ file: join(store, digest.slice('sha256:'.length)), digest })),
      )
      return { ...content, tookMs }
    },
  }
}

/** Without the plugins that want a kubelet, or a file system of their own. */
function configuration(root: string, state: string, socket: string): string {
  const disabled = [
    'io.containerd.grpc.v1.cri',
    ...['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `io.containerd.snapshotter.v1.${name}`),
  ]
  return `version = 2
root = "${root}"
state = "${state}"
disabled_plugins = ${JSON.stringify(disabled)}
[grpc]
  address = "${socket}"
[plugins."io.containerd.metadata.v1.bolt"]
  content_sharing_policy = "isolated"
`
}
