import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { ConfigEvent } from '../../src/core/event.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createConfigReload, watchConfigFile } from '../../src/runtime/config-reload.ts'
import { startTestService } from './service.ts'

const registry = 'https://a.example'
const listening = { host: '127.0.0.1', port: 0, adminPort: 0, drainSeconds: 0 }
const read = (json: object) => ({
  text: JSON.stringify(json),
  config: parseConfig({ ...listening, ...json }, 'the test'),
})

/** A reload of whatever `file` is, that notes what was taken and told. */
function createWorld(take: () => Promise<void> = () => Promise.resolve()) {
  const file = { json: { upstreams: [{ registry }] } as object }
  const told: ConfigEvent[] = []
  const taken: string[] = []
  const reload = createConfigReload(read(file.json), {
    read: async () => read(file.json),
    async take(config) {
      await take()
      taken.push(config.upstreams[0]!.registry)
    },
    record: (event) => told.push(event),
    now: () => 7,
  })
  return { file, told, taken, reload }
}

test('a configuration that is right as a whole is taken, and told', async () => {
  const { file, told, taken, reload } = createWorld()
  file.json = { upstreams: [{ registry: 'https://b.example' }] }
  await reload()
  await reload()
  expect(taken).toEqual(['https://b.example'])
  expect(told.map(({ outcome, problems }) => [outcome, problems])).toEqual([
    ['taken', []],
    ['unchanged', []],
  ])
})

test('one with a typo in one mirror is refused as a whole, with every problem named', async () => {
  const { file, told, taken, reload } = createWorld()
  const mirrors = [{ id: 'aws/eu-west-1', buckett: 'b' }]
  file.json = { upstreams: [{ registry: 'https://b.example' }], mirrors, prot: 1 }
  await reload()
  expect(taken).toEqual([])
  expect(told[0]).toMatchObject({ outcome: 'refused', timeMs: 7 })
  expect(told[0]!.problems.join('\n')).toMatch(/buckett[^]*prot/)
})

test('one that cannot be taken is refused, and may be taken later', async () => {
  let lacks = true
  const { file, told, taken, reload } = createWorld(() =>
    lacks ? Promise.reject(new Error('wanted HUB_PASSWORD')) : Promise.resolve(),
  )
  file.json = { upstreams: [{ registry: 'https://b.example' }] }
  await reload()
  lacks = false
  await reload()
  expect(told.map(({ outcome }) => outcome)).toEqual(['refused', 'taken'])
  expect(told[0]!.problems).toEqual(['wanted HUB_PASSWORD'])
  expect(taken).toEqual(['https://b.example'])
})

test('where to listen counts at the next start, and that is said', async () => {
  const { file, told, reload } = createWorld()
  file.json = { upstreams: [{ registry }], port: 8081 }
  await reload()
  expect(told[0]).toMatchObject({ outcome: 'taken', problems: ['port: counts at the next start'] })
})

test('what is asked for while one is taken is looked at once more, and once alone', async () => {
  let release: () => void = () => {}
  const { file, told, taken, reload } = createWorld(
    () => new Promise((resolve) => (release = resolve)),
  )
  file.json = { upstreams: [{ registry: 'https://b.example' }] }
  const first = reload()
  await vi.waitFor(() => expect(release).not.toBe(undefined))
  await new Promise((resolve) => setImmediate(resolve))
  file.json = { upstreams: [{ registry: 'https://c.example' }] }
  void reload()
  const last = reload()
  release()
  await vi.waitFor(() => expect(taken).toEqual(['https://b.example']))
  release()
  await Promise.all([first, last])
  expect(taken).toEqual(['https://b.example', 'https://c.example'])
  expect(told).toHaveLength(2)
})

test('a service that takes another goes on with it, and loses no count', async () => {
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => serveEmbedded(async () => Response.json({ name, tags: [] }))),
  )
  onTestFinished(async () => {
    await Promise.all([a!.close(), b!.close()])
  })
  const service = await startTestService({ upstreams: [{ registry: a!.url }] })
  onTestFinished(service.drain)
  const locate = async () => {
    const answer = await fetch(`${service.url}/v2/app/manifests/1`, { redirect: 'manual' })
    return new URL(answer.headers.get('location')!).origin
  }
  expect(await locate()).toBe(a!.url)
  const next = { upstreams: [{ registry: b!.url }], ranges: { refreshSeconds: 0 } }
  await service.take(read(next).config)
  service.record({ event: 'config', timeMs: 1, outcome: 'taken', problems: [] })
  expect(await locate()).toBe(b!.url)

  const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
  const counts = [...metrics.matchAll(/^nearport_requests_total\{kind="manifest".* (\d+)$/gm)]
  expect(counts.map(([, count]) => count)).toEqual(['2'])
  expect(metrics).toMatch(/^nearport_config_reloads_total\{outcome="taken"\} 1$/m)
  const ready: unknown = await (await fetch(`${service.adminUrl}/readyz`)).json()
  expect(ready).toMatchObject({ configuration: { outcome: 'taken' } })
})

test('what lacks its credentials is not taken, and what was there goes on', async () => {
  const service = await startTestService({ upstreams: [{ registry }] })
  onTestFinished(service.drain)
  const upstreams = [{ registry: 'https://b.example', mode: 'relay', credentials: 'NO_SUCH' }]
  await expect(service.take(read({ upstreams }).config)).rejects.toThrow('wanted NO_SUCH_USERNAME')
  const answer = await fetch(`${service.url}/v2/app/manifests/1`, { redirect: 'manual' })
  expect(answer.headers.get('location')).toBe(`${registry}/v2/app/manifests/1`)
})

test('a link that leads to another file is a change', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-reload-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'nearport.json')
  await writeFile(join(folder, 'one'), '1')
  await writeFile(join(folder, 'two'), '22')
  await symlink('one', path)
  let changes = 0
  onTestFinished(watchConfigFile(path, () => changes++))
  await new Promise((resolve) => setTimeout(resolve, 50))
  // As Kubernetes does with a ConfigMap.
  await symlink('two', join(folder, 'new'))
  await rename(join(folder, 'new'), path)
  await vi.waitFor(() => expect(changes).toBe(1), { timeout: 5000 })
})
