import { parseConfig } from '../../src/config.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { startService } from '../../src/runtime/node.ts'
import { printTable } from './parts/table.ts'

export const name = 'manifests'

const rounds = 40
const perRound = 50

/**
 * What a manifest takes over loopback: straight from a registry, relayed by nearport, and from its
 * memory. One client, one request at a time, the ways in turn; registry, nearport and client share
 * one process, so that each figure is the work of all that it takes.
 */
export async function run(): Promise<void> {
  const registry = createRegistry()
  const digest = push(registry, 'app', imageOf({ architecture: 'amd64' }), '1.0')
  const upstream = await serveEmbedded(registry.fetch)
  const relayed = await serve(upstream.url, {})
  const kept = await serve(upstream.url, { manifests: {} })
  const ways = [
    ['straight from the registry, by digest', upstream.url, digest],
    ['relayed, by digest', relayed.url, digest],
    ['kept, by digest', kept.url, digest],
    ['relayed, by tag', relayed.url, '1.0'],
    ['kept, by tag (a HEAD upstream)', kept.url, '1.0'],
  ] as const
  const took = new Map<string, number[]>(ways.map(([way]) => [way, []]))
  for (let round = -5; round < rounds; round++) {
    for (const [way, url, reference] of ways) {
      for (let n = 0; n < perRound; n++) {
        const ms = await pull(`${url}/v2/app/manifests/${reference}`)
        if (round >= 0) took.get(way)!.push(ms)
      }
    }
  }
  const rows = ways.map(([way]) => {
    const sorted = took.get(way)!.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor(sorted.length * share)]!.toFixed(3)
    return [way, at(0.5), at(0.1), at(0.9)]
  })
  printTable([['a manifest', 'median ms', 'a tenth below', 'a tenth above'], ...rows])
  await Promise.all([relayed.stop(), kept.stop()])
  await upstream.close()
}

async function serve(registry: string, more: object) {
  const ports = { host: '127.0.0.1', port: 0, adminPort: 0, drainSeconds: 0 }
  const file = { ...ports, upstreams: [{ registry, mode: 'relay' }], ...more }
  const service = await startService(parseConfig(file, 'the bench'), () => {})
  return { url: `http://127.0.0.1:${service.port}`, stop: service.drain }
}

async function pull(url: string): Promise<number> {
  const startMs = performance.now()
  const answer = await fetch(url)
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`wanted 200 from ${url}, got ${answer.status}`)
  return performance.now() - startMs
}
