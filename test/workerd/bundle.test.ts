import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleWorker } from './parts/bundle.ts'
import { theBundle } from './parts/place.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-config-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the Worker is at most 250 KB compressed, with every range', async () => {
  const { compressedBytes, modules } = await theBundle()
  console.log(`the Worker is ${(compressedBytes / 1000).toFixed(0)} KB compressed`)
  expect(modules.map(({ type }) => type)).toEqual(['Data', 'ESModule'])
  expect(compressedBytes).toBeLessThanOrEqual(250_000)
})

test('nothing of Node’s is in it, nor what only Node runs', async () => {
  const { inputs, outside } = await theBundle()
  const packages = inputs.flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  )
  // A new one may be right: it is to be looked at, and what it adds to the size and the start.
  expect([...new Set(packages)].toSorted()).toEqual(['hono', 'lru-cache'])
  // The tests' own module, in the place of nearport.json, is bound to a configuration.
  expect(outside).toEqual(['cloudflare:workers', './ranges.bin'])
  expect(inputs.filter((path) => /src\/(?:sync|embedded|cli)\//.test(path))).toEqual([])
})

test('wrangler makes it of a nearport.json, and says how large it is', async () => {
  const config = join(folder, 'nearport.json')
  await writeFile(config, '{ "upstreams": [{ "registry": "https://registry.example" }] }')
  const { output, inputs } = await bundleWorker(config)
  expect(output).toMatch(/Total Upload: .+ gzip: /)
  expect(output).toContain('--dry-run: exiting now.')
  expect(inputs.some((path) => path.endsWith('nearport.json'))).toBe(true)
})

test('of a nearport.json that is wrong it makes none, and names every problem', async () => {
  const config = join(folder, 'wrong.json')
  const json = { upstreams: [{}], port: 'x', clientAddress: { header: 'x-real-ip' } }
  await writeFile(config, JSON.stringify(json))
  await expect(bundleWorker(config)).rejects.toThrow(
    /upstreams\[0\]\.registry: wanted .+, got nothing[^]+port: wanted a number, got "x"/,
  )
})
