import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { createMirrorBucket, type StoreAccess } from './buckets.ts'
import { startCeph } from './ceph.ts'
import { clientsLeftOut } from './clients.ts'
import { type Containerd, startContainerd } from './clients/containerd.ts'
import { type Docker, dockerMissing, startDocker } from './clients/docker.ts'
import { type PushedImage, pushImages } from './images.ts'
import { type Host, hosts, service } from './netns.ts'
import { type MirrorFace, startNginx } from './nginx.ts'
import type { Stoppable } from './process.ts'
import { startRegistry } from './registry.ts'

/**
 * What is running while the test files run: `inject('parts')` gives it to each of them. All of it
 * is plain data.
 */
export type Parts = {
  /** A folder for whatever a test file writes; removed with everything in it at the end. */
  readonly scratch: string
  readonly registry: { readonly url: string; readonly log: string }
  /** By name: app, multi, nested, artifact, signature, docker. */
  readonly images: Readonly<Record<string, PushedImage>>
  readonly store: StoreAccess
  /** By mirror id. Their buckets are there, and empty at the start. */
  readonly mirrors: Readonly<Record<MirrorId, MirrorFace>>
  /** By host name. */
  readonly containerd: Readonly<Record<string, Pick<Containerd, 'root' | 'socket'>>>
  readonly docker: Readonly<Record<string, Pick<Docker, 'root' | 'socket'>>>
}

export type MirrorId = 'aws/us-east-1' | 'aws/eu-west-1'

declare module 'vitest' {
  // Only an interface can be extended from here.
  interface ProvidedContext {
    parts: Parts
  }
}

/**
 * vitest's global setup: starts every part once, side by side, for all test files; stops them after
 * the last one.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scratch = process.env['NEARPORT_E2E_SCRATCH']
  if (scratch === undefined) throw new Error('run the e2e tests with: npm run test:e2e')
  for (const line of clientsLeftOut()) console.log(line)

  const running: Stoppable[] = []
  const timings: string[] = []
  const stop = async () => {
    await Promise.all(running.map((part) => part.stop()))
  }
  const starting = [
    startUpstream(join(scratch, 'upstream'), keep, timed),
    startStore(join(scratch, 'store'), keep, timed),
    timed('containerd and docker', startDaemons(join(scratch, 'daemons'), keep)),
  ] as const
  try {
    const [upstream, store, daemons] = await Promise.all(starting)
    project.provide('parts', { scratch, ...upstream, ...store, ...daemons })
  } catch (error) {
    await Promise.allSettled(starting)
    await stop()
    throw error
  }
  console.log(`e2e parts: ${timings.join(', ')}`)
  return stop

  async function keep<T extends Stoppable>(beginning: Promise<T>): Promise<T> {
    const part = await beginning
    running.push(part)
    return part
  }
  async function timed<T>(name: string, work: Promise<T>): Promise<T> {
    const started = performance.now()
    const result = await work
    timings.push(`${name} ${((performance.now() - started) / 1000).toFixed(1)} s`)
    return result
  }
}

type Keep = <T extends Stoppable>(beginning: Promise<T>) => Promise<T>
type Timed = <T>(name: string, work: Promise<T>) => Promise<T>

async function startUpstream(directory: string, keep: Keep, timed: Timed) {
  const spec = { host: service.names.both, port: 5000, directory }
  const { url, log } = await timed('registry', keep(startRegistry(spec)))
  const images = await timed('images', pushImages(url, directory))
  return { registry: { url, log }, images }
}

async function startStore(directory: string, keep: Keep, timed: Timed) {
  const store = await timed(
    'ceph',
    keep(startCeph({ port: 7480, directory: join(directory, 'ceph') })),
  )
  const { endpoint, accessKeyId, secretAccessKey } = store
  const buckets = { 'aws/us-east-1': 'mirror-us-east-1', 'aws/eu-west-1': 'mirror-eu-west-1' }
  const create = Object.values(buckets).map((bucket) => createMirrorBucket(store, bucket))
  await timed('buckets', Promise.all(create))

  const ports = { 'aws/us-east-1': 8101, 'aws/eu-west-1': 8102 }
  const ids = ['aws/us-east-1', 'aws/eu-west-1'] as const
  const nginx = await keep(
    startNginx({
      host: service.names.both,
      directory: join(directory, 'nginx'),
      store: endpoint,
      mirrors: ids.map((id) => ({ bucket: buckets[id], port: ports[id] })),
    }),
  )
  const [east, ireland] = nginx.mirrors
  const mirrors = { 'aws/us-east-1': east!, 'aws/eu-west-1': ireland! }
  return { store: { endpoint, accessKeyId, secretAccessKey }, mirrors }
}

async function startDaemons(directory: string, keep: Keep) {
  const containerd: Record<string, Pick<Containerd, 'root' | 'socket'>> = {}
  const docker: Record<string, Pick<Docker, 'root' | 'socket'>> = {}
  const startOn = async (host: Host) => {
    const folder = join(directory, host.name)
    const daemon = await keep(startContainerd(host, folder))
    containerd[host.name] = { root: daemon.root, socket: daemon.socket }
    if (dockerMissing() !== undefined) return
    const engine = await keep(startDocker(host, folder, daemon.socket))
    docker[host.name] = { root: engine.root, socket: engine.socket }
  }
  await Promise.all(Object.values(hosts).map(startOn))
  return { containerd, docker }
}
