import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  answers,
  type CommandLine,
  run,
  startProcess,
  type Stoppable,
  waitUntil,
} from './process.ts'

/** A running S3 store and who may write to it. */
export type Store = Stoppable & {
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * Starts Ceph's RGW (16.2) on loopback: one monitor, one object store in memory and the gateway; no
 * manager, nothing under /etc. Takes `port`, `port + 1` and some of `port + 20` to `port + 60`.
 */
export async function startCeph(spec: {
  readonly port: number
  readonly directory: string
  /** What the store says it has room for; it takes the memory of what is in it. */
  readonly capacityBytes?: number
}): Promise<Store> {
  const { port, directory, capacityBytes = 2 ** 32 } = spec
  const folders = ['mon', 'osd', 'log', 'run', 'rgw'].map((name) => join(directory, name))
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })))
  const fsid = randomUUID()
  const config = join(directory, 'ceph.conf')
  await writeFile(config, configuration(directory, port, fsid, capacityBytes))
  const ceph = (program: string, ...args: string[]): CommandLine => [program, '-c', config, ...args]
  const logs = join(directory, 'log')
  // They hold nothing worth a flush, and take up to 5 s to end when asked.
  const server = { logs, stopSignal: 'SIGKILL' } as const
  const started: Stoppable[] = []
  const stop = async () => {
    // The gateway first: it would wait for its pools.
    for (const part of started.toReversed()) await part.stop()
  }

  try {
    const monitor = `v1:127.0.0.1:${port + 1}`
    const map = join(directory, 'monmap')
    const addresses = ['--addv', 'a', `[${monitor}]`]
    await run(['monmaptool', '--create', '--clobber', '--fsid', fsid, ...addresses, map])
    await run(ceph('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map))
    const uuid = randomUUID()
    started.push(
      await startProcess({
        ...server,
        name: 'mon',
        command: ceph('ceph-mon', '-i', 'a', '-f', '--public-addr', monitor),
        ready: async () => {
          const wait = ['--connect-timeout', '5']
          const { stdout } = await run(ceph('ceph', ...wait, 'osd', 'new', uuid))
          return stdout.trim() === '0'
        },
      }),
    )
    await Promise.all([
      run(ceph('ceph', 'osd', 'crush', 'add', '0', '1.0', 'root=default', 'host=local')),
      run(ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', uuid)),
    ])
    // The gateway waits for the object store by itself.
    const osd = startProcess({
      ...server,
      name: 'osd',
      command: ceph('ceph-osd', '-i', '0', '-f'),
      ready: async () => true,
    })
    const endpoint = `http://127.0.0.1:${port}`
    const gateway = startProcess({
      ...server,
      name: 'rgw',
      command: ceph('radosgw', '-n', 'client.rgw', '-f'),
      ready: () => answers(endpoint),
      deadlineMs: 60_000,
    })
    const parts = await Promise.allSettled([osd, gateway])
    started.push(...parts.flatMap((part) => (part.status === 'fulfilled' ? [part.value] : [])))
    for (const part of parts) if (part.status === 'rejected') throw part.reason

    const keys = { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' }
    const user = ['--uid=test', '--display-name=test']
    const secrets = [`--access-key=${keys.accessKeyId}`, `--secret-key=${keys.secretAccessKey}`]
    await run(ceph('radosgw-admin', '-n', 'client.rgw', 'user', 'create', ...user, ...secrets))
    await waitUntil('radosgw', () => answers(endpoint))
    return { endpoint, ...keys, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * One replica of everything, and one placement group a pool. What is deleted is freed at once, not
 * two hours later: it is all in memory. The monitor gathers changes for `paxos
 * propose interval`, 1 s by default, and the gateway makes a dozen changes one after the other:
 * that was 10 of the 12 s it took to start.
 */
function configuration(
  directory: string,
  port: number,
  fsid: string,
  capacityBytes: number,
): string {
  return `[global]
fsid = ${fsid}
mon host = v1:127.0.0.1:${port + 1}
ms bind msgr2 = false
ms bind port min = ${port + 20}
ms bind port max = ${port + 60}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd heartbeat addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
auth supported = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
paxos propose interval = 0.02
paxos min wait = 0.01
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
osd objectstore = memstore
memstore device bytes = ${capacityBytes}
osd memory target = 939524096
osd class update on start = false
osd crush update on start = false
osd class load list = *
osd class default list = *
run dir = ${directory}/run
admin socket = ${directory}/run/$name.asok
log file = ${directory}/log/$name.ceph.log
mon cluster log file = ${directory}/log/cluster.log
pid file = ${directory}/run/$name.pid
mon data = ${directory}/mon
osd data = ${directory}/osd
[client.rgw]
rgw data = ${directory}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw zone = default
rgw enable usage log = false
rgw enable ops log = false
rgw run sync thread = false
rgw gc max objs = 4
rgw gc obj min wait = 1
rgw gc processor period = 2
rgw lc max objs = 4
rgw usage max shards = 1
rgw num control oids = 1
rgw reshard num logs = 1
rgw data log num shards = 1
rgw md log max shards = 1
rgw thread pool size = 16
`
}
