import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cloud } from '../../../src/core/location.ts'
import { type CommandLine, type Finished, run, type RunOptions } from './process.ts'

/**
 * A machine that pulls: its addresses, and where the vendors' documents say that they are
 * (`undefined`: nowhere).
 */
export type Host = {
  readonly name: string
  readonly namespace: string
  readonly v4: string
  readonly v6: string
  readonly location: { readonly cloud: Cloud; readonly region: string } | undefined
}

/**
 * The host that registry, stores, mirrors and nearport run on. Names stand in every host's
 * /etc/hosts.
 */
export const service = {
  namespace: 'nearport-service',
  v4: '198.51.100.1',
  v6: '2001:db8::1',
  /**
   * One name for both addresses, and one for each: what clients without IPv6 literals pull from.
   */
  names: { both: 'nearport.test', v4: 'v4.nearport.test', v6: 'v6.nearport.test' },
} as const

/**
 * The pulling hosts. AWS: EC2 prefixes 54.144.0.0/14, 2600:1f18::/33 (us-east-1), 54.72.0.0/15,
 * 2a05:d018::/35 (eu-west-1) of ip-ranges.json; Google: 34.122.0.0/15, 2600:1900:4000::/44
 * (us-central1) of cloud.json; nowhere: the documentation's own (RFC 5737, RFC 3849).
 */
export const hosts = {
  awsEast: host('aws-us-east-1', '54.144.0.10', '2600:1f18::10', 'aws', 'us-east-1'),
  awsIreland: host('aws-eu-west-1', '54.72.0.10', '2a05:d018::10', 'aws', 'eu-west-1'),
  gcpCentral: host('gcp-us-central1', '34.122.0.10', '2600:1900:4000::10', 'gcp', 'us-central1'),
  nowhere: host('nowhere', '203.0.113.10', '2001:db8:1::10'),
} as const

/**
 * Makes every namespace anew, with no way out of them, and writes the hosts file they share into
 * `scratch`.
 */
export async function networkUp(scratch: string): Promise<void> {
  await networkDown()
  const lines = [
    '127.0.0.1 localhost',
    '::1 localhost',
    `${service.v4} ${service.names.both} ${service.names.v4}`,
    `${service.v6} ${service.names.both} ${service.names.v6}`,
  ]
  await writeFile(join(scratch, 'hosts'), `${lines.join('\n')}\n`)

  for (const namespace of namespaces()) await run(['ip', 'netns', 'add', namespace])
  await batch(service.namespace, [
    'link set lo up',
    'link add bridge type bridge',
    'link set bridge up',
    `addr add ${service.v4}/32 dev bridge`,
    // An address without nodad is tentative for a second: nothing can listen on it.
    `addr add ${service.v6}/128 dev bridge nodad`,
    ...Object.values(hosts).flatMap(({ namespace, v4, v6 }, index) => [
      `link add host${index} type veth peer name eth0 netns ${namespace}`,
      `link set host${index} master bridge up`,
      `route add ${v4}/32 dev bridge`,
      `route add ${v6}/128 dev bridge`,
    ]),
  ])
  await Promise.all(
    Object.values(hosts).map(({ namespace, v4, v6 }) =>
      batch(namespace, [
        'link set lo up',
        `addr add ${v4}/32 dev eth0`,
        'link set eth0 up',
        `addr add ${v6}/128 dev eth0 nodad`,
        `route add ${service.v4}/32 dev eth0 src ${v4}`,
        `route add ${service.v6}/128 dev eth0 src ${v6}`,
      ]),
    ),
  )
}

/**
 * Ends what runs in our namespaces, whoever left it there, and removes them. Fine when there are
 * none.
 */
export async function networkDown(): Promise<void> {
  const { stdout } = await run(['ip', 'netns', 'list'])
  const present = new Set(stdout.split('\n').map((line) => line.split(' ')[0]))
  for (const namespace of namespaces().filter((name) => present.has(name))) {
    await endProcesses(namespace)
    await run(['ip', 'netns', 'del', namespace])
  }
}

/**
 * The command line that runs another one on a host, for `startProcess`. Not `ip netns exec`: that
 * hides the control groups, without which Docker does not start.
 */
export function onHost(where: Pick<Host, 'namespace'>, command: CommandLine): CommandLine {
  return ['nsenter', `--net=/run/netns/${where.namespace}`, '--', ...command]
}

/** Runs a program to its end in a namespace, as `run` does. */
export async function inNamespace(
  namespace: string,
  command: CommandLine,
  options?: RunOptions,
): Promise<Finished> {
  return run(onHost({ namespace }, command), options)
}

/**
 * The command line that enters the service's host with a view of the file system of its own: our
 * hosts file, and an empty folder where skopeo keeps what it learned about blobs on earlier runs.
 * What it starts inherits both.
 */
export function enterService(scratch: string, command: CommandLine): CommandLine {
  const script = [
    'mount --bind "$0/hosts" /etc/hosts',
    'mkdir -p /var/lib/containers "$0/containers"',
    'mount --bind "$0/containers" /var/lib/containers',
    'exec "$@"',
  ].join(' && ')
  return onHost(service, ['unshare', '--mount', 'sh', '-c', script, scratch, ...command])
}

function host(name: string, v4: string, v6: string, cloud?: Cloud, region?: string): Host {
  const location = cloud !== undefined && region !== undefined ? { cloud, region } : undefined
  return { name, namespace: `nearport-${name}`, v4, v6, location }
}

function namespaces(): string[] {
  return [service.namespace, ...Object.values(hosts).map((each) => each.namespace)]
}

async function batch(namespace: string, lines: readonly string[]): Promise<void> {
  await run(['ip', '-n', namespace, '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

/** First asks, then insists: a run that was killed leaves its servers in here. */
async function endProcesses(namespace: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGKILL'] as const) {
    const pids = await processesIn(namespace)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended in between.
      }
    }
    const end = performance.now() + 2_000
    while (performance.now() < end && (await processesIn(namespace)).length > 0);
  }
}

async function processesIn(namespace: string): Promise<number[]> {
  const { stdout } = await run(['ip', 'netns', 'pids', namespace])
  return stdout.split('\n').filter(Boolean).map(Number)
}
