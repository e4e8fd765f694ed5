import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createClients } from './parts/clients.ts'
import type { Blobs } from './parts/images-many.ts'
import { pushBulk } from './parts/images-many.ts'
import type { Host } from './parts/netns.ts'
import { hosts, inNamespace, service } from './parts/netns.ts'
import type { Mirrors } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import { readMirrorLog } from './parts/nginx.ts'
import type { Stoppable } from './parts/process.ts'
import type { Registry } from './parts/registry.ts'
import { readRegistryLog, startRegistry } from './parts/registry.ts'

// What nearport says that clients read, beside what the stores' and the registries' own logs say
// that they were sent: by way and by region.
const parts = inject('parts')
const clients = createClients(parts)
const largeBytes = 40 << 20
let mirrors: Mirrors
let registry: Registry
let serving: Stoppable
let blobs: Blobs
let large: string
let restoreBuffers: () => Promise<void>

beforeAll(async () => {
  mirrors = await startMirrors(parts, 'money', 8161)
  const directory = `${parts.scratch}/money-registry`
  registry = await startRegistry({ host: service.names.both, port: 5030, directory })
  blobs = await pushBulk(registry.url, [
    { repository: 'money/app', tag: '1', layers: [{ name: 'large', sizeBytes: largeBytes }] },
    { repository: 'money/small', tag: '1', layers: [{ name: 'small', sizeBytes: 5 << 20 }] },
  ])
  large = [...blobs].find(([, sizeBytes]) => sizeBytes === largeBytes)![0]
  const nearport = await configureNearport(parts, 'money', mirrors.faces, {
    upstreams: [
      { registry: parts.registry.url, cloud: 'gcp' },
      { repositories: 'money', registry: registry.url, cloud: 'gcp' },
    ],
  })
  const { exitCode, problems } = await nearport.sync()
  if (exitCode !== 0) throw new Error(`the sync failed: ${JSON.stringify(problems)}`)
  serving = await nearport.serve()
  restoreBuffers = await keepBuffersSmall()
})
afterAll(async () => {
  await restoreBuffers?.()
  await serving?.stop()
  await registry?.stop()
  await mirrors?.stop()
})

/** Bytes by who sent them and where they were read: `mirror aws/us-east-1 aws/us-east-1`. */
type Bytes = Map<string, number>

test('bytes by way and region are within 1 % of what the servers’ own logs say', async () => {
  const before = { logged: await loggedBytes(), said: await saidBytes() }
  await pullEverything()
  const logged = since(before.logged, await loggedBytes())
  const said = since(before.said, await saidBytes())

  console.log('money: bytes by the logs, by nearport, and the difference')
  for (const [way, bytes] of logged) {
    const difference = ((said.get(way) ?? 0) - bytes) / bytes
    console.log(`  ${way}: ${bytes}, ${said.get(way)}, ${(difference * 100).toFixed(3)} %`)
  }
  expect([...said.keys()].toSorted()).toEqual([...logged.keys()].toSorted())
  const [saidTotal, loggedTotal] = [totalOf(said), totalOf(logged)]
  console.log(`  in total: ${((saidTotal / loggedTotal - 1) * 100).toFixed(3)} %`)
  expect(loggedTotal).toBeGreaterThan(10 * largeBytes)
  expect(Math.abs(saidTotal / loggedTotal - 1)).toBeLessThan(0.01)
  for (const [way, bytes] of logged) {
    expect(Math.abs(said.get(way)! / bytes - 1), way).toBeLessThan(0.02)
  }
})

test('dollars are those bytes at the list prices', async () => {
  const report = (await (await fetch('http://127.0.0.1:9090/report.json')).json()) as {
    periods: readonly {
      period: string
      bytes: { mirror: number; upstream: number }
      money: { saved: string; spent: { upstream: string } }
    }[]
  }
  const { bytes, money } = report.periods.find(({ period }) => period === 'start')!
  const sum = (prefix: string, all: Bytes) =>
    totalOf(new Map([...all].filter(([way]) => way.startsWith(prefix))))
  const said = await saidBytes()
  expect(bytes).toEqual({ mirror: sum('mirror', said), upstream: sum('upstream', said) })
  // Google's last tier to the internet is $0.08 a GiB; inside its own cloud it is far less.
  const saved = (bytes.mirror / 2 ** 30) * 0.08
  expect(Math.abs(Number(money.saved) / saved - 1)).toBeLessThan(0.01)
  const internet = sum('upstream -', said)
  expect(Number(money.spent.upstream)).toBeGreaterThan((internet / 2 ** 30) * 0.0799)
  expect(Number(money.spent.upstream)).toBeLessThan((bytes.upstream / 2 ** 30) * 0.08)
})

/** Every client pulls real images; others resume, read in chunks, ask by HEAD, and read ranges. */
async function pullEverything(): Promise<void> {
  const nearport = `${service.names.v4}:8080`
  const image = parts.images['multi']!
  for (const client of clients) {
    await client.pull({ registry: nearport, image, host: hosts.awsIreland })
  }
  const url = `http://${nearport}/v2/money/app/blobs/${large}`
  for (const host of Object.values(hosts)) {
    const half = largeBytes / 2
    await onHost(host, `curl -sfL '${url}' -o /dev/null`)
    // It breaks off in the middle, and goes on from there.
    await onHost(host, `curl -sL '${url}' | head -c ${half} | wc -c`)
    await onHost(host, `curl -sfL -H 'Range: bytes=${half}-' '${url}' -o /dev/null`)
    // Three chunks at once, the way clients do that: each open at its end, and left when it has its own.
    const chunk = Math.floor(largeBytes / 3)
    const chunks = [0, 1, 2].map((at) => {
      const read = at === 2 ? '-o /dev/null' : `| head -c ${chunk} | wc -c`
      return `curl -sL -H 'Range: bytes=${at * chunk}-' '${url}' ${read} &`
    })
    await onHost(host, `${chunks.join(' ')} wait`)
    await onHost(host, `curl -sfIL '${url}' -o /dev/null`)
    await onHost(host, `curl -sfL -H 'Range: bytes=1000-1999999' '${url}' -o /dev/null`)
  }
}

/**
 * What is on its way when a client breaks off is sent and never read: of a blob of 40 MB that would
 * be several, with the buffers that a kernel grows on a fast link.
 */
async function keepBuffersSmall(): Promise<() => Promise<void>> {
  const set = async (where: Pick<Host, 'namespace'>, name: string, value: string) => {
    const { stdout } = await onHost(where, `sysctl -n ${name}; sysctl -qw ${name}='${value}'`)
    return async () => void (await onHost(where, `sysctl -qw ${name}='${stdout.trim()}'`))
  }
  const restore = [await set(service, 'net.ipv4.tcp_wmem', '4096 65536 131072')]
  for (const host of Object.values(hosts)) {
    restore.push(await set(host, 'net.ipv4.tcp_rmem', '4096 65536 65536'))
  }
  return async () => {
    for (const each of restore) await each()
  }
}

function onHost(host: Pick<Host, 'namespace'>, script: string) {
  return inNamespace(host.namespace, ['sh', '-c', script])
}

async function loggedBytes(): Promise<Bytes> {
  const bytes: Bytes = new Map()
  for (const [id, face] of Object.entries(mirrors.faces)) {
    for (const request of await readMirrorLog(face)) {
      if (request.path.startsWith('/containers/')) add(bytes, `mirror ${id}`, request)
    }
  }
  for (const upstream of [parts.registry, registry]) {
    for (const request of await readRegistryLog(upstream)) {
      if (request.path.includes('/blobs/')) add(bytes, 'upstream', request)
    }
  }
  return bytes
}

function add(
  to: Bytes,
  way: string,
  { client, method, bytes }: { client: string; method: string; bytes: number },
): void {
  const address = client.replace(/^\[|\](:\d+)?$/g, '').replace(/^([\d.]+):\d+$/, '$1')
  const host = Object.values(hosts).find(({ v4, v6 }) => v4 === address || v6 === address)
  // The canary and the sync are nobody's pull.
  if (host === undefined || method !== 'GET') return
  const { location } = host
  const key = `${way} ${location === undefined ? '-' : `${location.cloud}/${location.region}`}`
  to.set(key, (to.get(key) ?? 0) + bytes)
}

async function saidBytes(): Promise<Bytes> {
  const text = await (await fetch('http://127.0.0.1:9090/metrics')).text()
  const bytes: Bytes = new Map()
  for (const [, labels, value] of text.matchAll(/^nearport_blob_bytes_total\{(.*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels!)![1]!
    const way = label('action') === 'mirror' ? `mirror ${label('mirror')}` : 'upstream'
    const place = label('cloud') === '' ? '-' : `${label('cloud')}/${label('region')}`
    const key = `${way} ${place}`
    bytes.set(key, (bytes.get(key) ?? 0) + Number(value))
  }
  return bytes
}

function since(before: Bytes, after: Bytes): Bytes {
  return new Map(
    [...after]
      .map(([way, bytes]) => [way, bytes - (before.get(way) ?? 0)] as const)
      .filter(([, bytes]) => bytes > 0),
  )
}

function totalOf(bytes: Bytes): number {
  return [...bytes.values()].reduce((sum, each) => sum + each, 0)
}
