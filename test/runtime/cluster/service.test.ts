import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, fetch as fetchBy } from 'undici'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { certificates } from '../certificates.ts'
import type { Served } from './served.ts'
import { serveProcesses } from './served.ts'

// Real processes, as a service manager meets them.

/** Not how long it may take, but when to give up on a machine that is busy. */
const patience = { timeout: 20_000 }

const base = { upstreams: [{ registry: 'http://a.test' }], presence: 'assume' }

describe('nearport in two processes', () => {
  let nearport: Served
  /** How many requests were answered so far. */
  let answered = 0

  beforeAll(async () => {
    nearport = await serveProcesses({ ...base, drainSeconds: 1 })
  })
  afterAll(() => nearport?.signal('SIGKILL'))

  /** Asks on a connection of its own, and resolves with where it was sent. */
  async function ask(path = '/v2/app/manifests/1'): Promise<string | null> {
    const headers = { connection: 'close' }
    const answer = await fetch(nearport.url + path, { headers, redirect: 'manual' })
    await answer.arrayBuffer()
    answered++
    return answer.headers.get('location')
  }
  const admin = async (path: string) => (await fetch(nearport.adminUrl + path)).text()
  const logged = () => nearport.events().filter(({ event }) => event === 'request').length
  const of = (name: string) => nearport.events().filter(({ event }) => event === name)
  async function counted(): Promise<number> {
    const rows = (await admin('/metrics')).matchAll(/^nearport_requests_total\{.*\} (\d+)$/gm)
    return [...rows].reduce((sum, [, count]) => sum + Number(count), 0)
  }
  async function expectAllCounted(): Promise<void> {
    await expect.poll(counted, patience).toBe(answered)
    await expect.poll(logged, patience).toBe(answered)
  }
  /** Does something with each process in turn while it alone is at work. */
  async function withEachAlone(look: () => Promise<void>): Promise<void> {
    const workers = await nearport.workers()
    expect(workers).toHaveLength(2)
    for (const worker of workers) {
      const others = workers.filter((pid) => pid !== worker)
      for (const pid of others) process.kill(pid, 'SIGSTOP')
      await look()
      for (const pid of others) process.kill(pid, 'SIGCONT')
    }
  }

  test('each of them answers, and every request is counted and logged once', async () => {
    await withEachAlone(async () => {
      for (let n = 0; n < 5; n++) expect(await ask()).toBe('http://a.test/v2/app/manifests/1')
    })
    await Promise.all(Array.from({ length: 30 }, () => ask()))
    expect(answered).toBe(40)
    await expectAllCounted()
    const ready = JSON.parse(await admin('/readyz')) as object
    expect(ready).toMatchObject({ ready: true, processes: { listening: 2, of: 2 } })
    expect(await admin('/metrics')).toContain('nearport_processes{state="listening"} 2')
    expect(of('started')).toHaveLength(1)
  })

  test('a primary that is stuck makes no client wait, and counts them all later', async () => {
    nearport.child.kill('SIGSTOP')
    await Promise.all(Array.from({ length: 10 }, () => ask()))
    nearport.child.kill('SIGCONT')
    await expectAllCounted()
  })

  test('what another configuration says is done by all of them once it is told', async () => {
    const taken = expect.objectContaining({ outcome: 'taken' })
    await nearport.configure({ upstreams: [{ registry: 'http://b.test' }] })
    await expect.poll(() => of('config'), patience).toContainEqual(taken)
    await withEachAlone(async () => {
      expect(await ask()).toBe('http://b.test/v2/app/manifests/1')
    })
    await nearport.configure({ upstreams: [], processes: 2 })
    const refused = expect.objectContaining({ outcome: 'refused' })
    await expect.poll(() => of('config'), patience).toContainEqual(refused)
    expect(await ask()).toBe('http://b.test/v2/app/manifests/1')
  })

  test('one that is killed is missed by nobody else, and another takes its place', async () => {
    await expectAllCounted()
    const [victim] = await nearport.workers()
    const over = new AbortController()
    let broken = 0
    const clients = Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) await ask().catch(() => broken++)
    })
    process.kill(victim!, 'SIGKILL')
    await expect.poll(() => of('process-out'), patience).toHaveLength(1)
    await expect.poll(() => of('process-back'), patience).toHaveLength(1)
    over.abort()
    await Promise.all(clients)

    // No more than what was just under way.
    expect(broken).toBeLessThanOrEqual(4)
    expect(of('process-out')[0]).toMatchObject({ how: 'SIGKILL', process: expect.any(Number) })
    expect(await admin('/metrics')).toContain('nearport_process_exits_total{how="SIGKILL"} 1')
    expect(await nearport.workers()).not.toContain(victim)
    // The new one has the configuration that was taken meanwhile.
    await withEachAlone(async () => {
      expect(await ask()).toBe('http://b.test/v2/app/manifests/1')
    })
  })

  test('a drain refuses nobody, and its log has every request', async () => {
    const before = answered
    // A terminal and systemd signal all of them.
    nearport.signal('SIGTERM')
    await expect.poll(() => of('draining'), patience).toHaveLength(1)
    expect((await fetch(`${nearport.adminUrl}/readyz`)).status).toBe(503)
    const asked = performance.now()
    while (performance.now() - asked < 300) await ask('/v2/app/manifests/last')
    expect(await nearport.ended).toEqual([0, null])
    await expect(ask()).rejects.toThrow('fetch failed')
    const last = of('request').filter(({ reference }) => reference === 'last')
    expect(last).toHaveLength(answered - before)
    expect(answered).toBeGreaterThan(before)
    expect(nearport.events().at(-1)).toMatchObject({ event: 'stopped' })
  })
})

test('a port that is taken ends it, in the words of ever', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  await expect(serveProcesses({ ...base, port })).rejects.toThrow(
    `exit code 1: nearport serve: port ${port} of 127.0.0.1 is taken (EADDRINUSE)\n`,
  )
})

test('without their primary they end by themselves, once what is under way is answered', async () => {
  const asked = Promise.withResolvers<ServerResponse>()
  const upstream = createHttpServer((_, response) => asked.resolve(response))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const registry = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const upstreams = [{ registry, mode: 'relay' }]
  const nearport = await serveProcesses({ upstreams, tls: await writeCertificate() })
  onTestFinished(() => nearport.signal('SIGKILL'))
  // Each of them has it, and it is one.
  expect(nearport.events().filter(({ event }) => event === 'certificate')).toHaveLength(1)

  const dispatcher = new Agent({ connect: { ca: certificates.first.cert } })
  const url = `https://127.0.0.1:${nearport.port}`
  const answer = fetchBy(`${url}/v2/app/manifests/1`, { dispatcher })
  const response = await asked.promise
  const workers = await nearport.workers()
  nearport.child.kill('SIGKILL')
  // It is not the idle one that the request waits for.
  await expect.poll(() => workers.filter(isThere).length, patience).toBe(1)
  response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json')
  response.end('{}')
  expect((await answer).status).toBe(200)
  await expect.poll(() => workers.filter(isThere).length, patience).toBe(0)
  await expect(fetchBy(url, { dispatcher })).rejects.toThrow('fetch failed')
})

async function writeCertificate(): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-certificate-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { cert, key } = certificates.first
  await Promise.all([writeFile(join(folder, 'crt'), cert), writeFile(join(folder, 'key'), key)])
  return { cert: join(folder, 'crt'), key: join(folder, 'key') }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
