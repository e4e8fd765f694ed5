import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Store } from './ceph.ts'
import { answers, type CommandLine, run, startProcess, type Stoppable } from './process.ts'

/**
 * Starts OpenStack Swift (2.30) with its S3 interface on loopback: one proxy, one server each for
 * accounts, containers and objects, and memcached; nothing under /etc. Takes `port` to `port + 4`.
 */
export async function startSwift(spec: {
  readonly port: number
  readonly directory: string
  /** Other signing regions are refused. */
  readonly region: string
}): Promise<Store> {
  const { port, directory, region } = spec
  const etc = join(directory, 'etc')
  const devices = join(directory, 'devices')
  await mkdir(join(devices, 'd1'), { recursive: true })
  await mkdir(etc, { recursive: true })
  await writeFile(join(etc, 'swift.conf'), clusterConfiguration)
  const launcher = join(directory, 'launch.py')
  await writeFile(launcher, launch)
  const server = { logs: join(directory, 'log'), stopSignal: 'SIGKILL' } as const
  const swift = (name: string): CommandLine => {
    const program = `/usr/bin/swift-${name}-server`
    return ['/usr/bin/python3', launcher, etc, program, join(etc, `${name}-server.conf`)]
  }

  const ports = { container: port + 1, account: port + 2, object: port + 3, memcached: port + 4 }
  const storage = ['account', 'container', 'object'] as const
  const endpoint = `http://127.0.0.1:${port}`
  await writeFile(
    join(etc, 'proxy-server.conf'),
    proxyConfiguration({ etc, port, memcached: ports.memcached, region }),
  )
  const beginning = [
    startProcess({
      ...server,
      name: 'memcached',
      command: [
        ...(['memcached', '-u', userInfo().username, '-l', '127.0.0.1'] as const),
        ...(['-p', String(ports.memcached), '-U', '0', '-m', '32'] as const),
      ],
      ready: async () => true,
    }),
    ...storage.map(async (name) => {
      const config = storageConfiguration({ name, etc, devices, port: ports[name] })
      await writeFile(join(etc, `${name}-server.conf`), config)
      await makeRing(etc, name, ports[name])
      return startProcess({
        ...server,
        name,
        command: swift(name),
        ready: () => answers(`http://127.0.0.1:${ports[name]}/`),
      })
    }),
  ]
  const begun = await Promise.allSettled(beginning)
  const started: Stoppable[] = begun.flatMap((part) =>
    part.status === 'fulfilled' ? [part.value] : [],
  )
  const stop = async () => {
    for (const part of started.toReversed()) await part.stop()
  }
  try {
    for (const part of begun) if (part.status === 'rejected') throw part.reason
    // It reads the rings when it starts.
    const proxy = await startProcess({
      ...server,
      name: 'proxy',
      command: swift('proxy'),
      ready: () => answers(`${endpoint}/healthcheck`),
    })
    started.push(proxy)
    return { endpoint, accessKeyId: 'test:tester', secretAccessKey: 'testing', stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Where a storage server's data are: all on the one device there is. */
async function makeRing(etc: string, name: string, port: number): Promise<void> {
  const ring = (...args: string[]) =>
    run(['swift-ring-builder', join(etc, `${name}.builder`), ...args])
  await ring('create', '4', '1', '0')
  await ring('add', `r1z1-127.0.0.1:${port}/d1`, '1')
  await ring('rebalance')
}

const clusterConfiguration = `[swift-hash]
swift_hash_path_suffix = nearport
[storage-policy:0]
name = default
default = yes
`

/** Swift's programs look for swift.conf in /etc, whatever else they are told. */
const launch = `import runpy
import sys
from swift.common import utils
utils.SWIFT_CONF_FILE = sys.argv[1] + '/swift.conf'
sys.argv = [sys.argv[2], sys.argv[3]]
runpy.run_path(sys.argv[0], run_name='__main__')
`

/** `log_address` is no socket, so that nothing is said to the machine's own log. */
function common(etc: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${etc}
log_level = ERROR
log_address = ${etc}/no-log
`
}

function storageConfiguration(spec: {
  readonly name: string
  readonly etc: string
  readonly devices: string
  readonly port: number
}): string {
  const { name, etc, devices, port } = spec
  return `${common(etc, port)}devices = ${devices}
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`
}

function proxyConfiguration(spec: {
  readonly etc: string
  readonly port: number
  readonly memcached: number
  readonly region: string
}): string {
  const plain = ['catch_errors', 'gatekeeper', 'healthcheck', 'listing_formats', 'bulk']
  const rest = ['slo', 'dlo', 'copy']
  const filters = [...plain, ...rest].map((name) => `[filter:${name}]\nuse = egg:swift#${name}\n`)
  return `${common(spec.etc, spec.port)}[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth slo dlo copy proxy-server
${filters.join('')}[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${spec.memcached}
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = ${spec.region}
dns_compliant_bucket_names = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin .reseller_admin
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
`
}
