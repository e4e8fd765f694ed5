import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { createDemo } from '../../src/embedded/demo.ts'
import { createSamples } from '../../src/embedded/samples.ts'
import type { Served } from '../../src/embedded/serve.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createSyncMetrics } from '../../src/metrics/sync-metrics.ts'
import { runSync } from '../../src/sync/run.ts'
import { expressions, ruleFiles, ruleTestFiles, rules } from '../metrics/deployed.ts'
import { readExpression } from '../metrics/expression.ts'
import { readScrape } from '../metrics/scraped.ts'
import { addresses, startTestService } from '../runtime/service.ts'
import { waitUntil } from './parts/process.ts'
import type { Prometheus } from './parts/prometheus.ts'
import { startPrometheus } from './parts/prometheus.ts'
import { checkMetrics, checkRules, testRules } from './parts/promtool.ts'

// The rules for Prometheus and the dashboard, tried by Prometheus on a service that is used.
const parts = inject('parts')
const demo = createDemo()
const image = createSamples()[0]!.image.children[0]!
const layer = image.blobs.at(-1)!.descriptor
const running: (() => Promise<unknown>)[] = []
let service: Awaited<ReturnType<typeof startTestService>>
let syncText: string
let prometheus: Prometheus

beforeAll(async () => {
  const [upstream, store] = [
    await serveEmbedded(demo.registry.fetch),
    await serveEmbedded(demo.store.fetch),
  ]
  running.push(upstream.close, store.close)
  const json = configuration(upstream, store)
  syncText = await syncAndScrape(json)
  service = await startTestService(json)
  running.push(service.drain)
  const pushed = await serveEmbedded(async () => new Response(syncText))
  running.push(pushed.close)
  prometheus = await startPrometheus({
    port: 7392,
    directory: join(parts.scratch, 'prometheus'),
    ruleFiles,
    targets: {
      nearport: `127.0.0.1:${service.adminPort}`,
      nearport_sync: new URL(pushed.url).host,
    },
  })
  running.push(prometheus.stop)
})
afterAll(async () => {
  for (const stop of running.toReversed()) await stop()
})

const scrape = async () => (await fetch(`${service.adminUrl}/metrics`)).text()

test('promtool finds nothing to say about the metrics of a service that was used', async () => {
  await useService()
  const text = await scrape()
  expect(text).toMatch(/^nearport_blob_bytes_total\{action="mirror",reason="in-region",.*\} [1-9]/m)
  expect(text).toMatch(/^nearport_avoided_dollars_total\{mirror="aws\/eu-west-1",.*\} \d/m)
  expect(await checkMetrics(text)).toBe('')
  expect(await checkMetrics(syncText)).toBe('')
})

test('every metric that is asked for is in the scrapes of serve or sync', async () => {
  const exported = readScrape(`${await scrape()}${syncText}`)
  const asked = new Set(expressions.flatMap(([, text]) => readExpression(text).names))
  const metrics = [...asked].filter((name) => !name.includes(':'))
  expect(metrics.filter((name) => !exported.has(name))).toEqual([])
})

test('promtool takes the rules, and they do what their tests say', async () => {
  expect(await checkRules(ruleFiles)).toContain(`SUCCESS: ${countOf('alert')} rules found`)
  const said = await testRules(ruleTestFiles)
  expect(said.match(/SUCCESS/g)).toHaveLength(ruleTestFiles.length)
}, 200_000)

test('Prometheus reckons with them: rates of what was read, and no alarm', async () => {
  // Two of three readings of one layer go to mirrors. What a series had at its first scrape is in no
  // rate, so the first seconds say little.
  await waitUntil('a hit rate of two in three', async () => {
    await useService()
    const found = await prometheus.query('job:nearport_hit_bytes_per_blob_bytes:ratio_rate1h')
    return found.length === 1 && Math.abs(found[0]!.value - 2 / 3) < 0.02
  })

  await waitUntil('every rule at work', async () =>
    (await prometheus.rules()).every(({ health }) => health !== 'unknown'),
  )
  const loaded = await prometheus.rules()
  expect(loaded.map(({ name }) => name).toSorted()).toEqual(
    rules.map(({ name }) => name).toSorted(),
  )
  expect(loaded.filter(({ health }) => health !== 'ok')).toEqual([])
  expect(loaded.filter(({ state }) => state === 'firing')).toEqual([])
  // An index is there, so none is missing.
  const missing = 'job_instance:nearport_index_missing:max'
  expect(await prometheus.query(missing)).toEqual([])
  for (const { name } of rules.filter(({ kind }) => kind === 'record')) {
    if (name === missing) continue
    await waitUntil(name, async () => (await prometheus.query(name)).length > 0)
  }
})

test.for(expressions)('Prometheus understands what %s asks', async ([, text]) => {
  const asked = text.replaceAll('$__rate_interval', '1m').replaceAll(/\$(?:sync_)?job/g, '.*')
  await expect(prometheus.query(asked)).resolves.toBeInstanceOf(Array)
})

function countOf(kind: 'record' | 'alert'): number {
  return rules.filter((rule) => rule.kind === kind).length
}

function configuration(upstream: Served, store: Served) {
  return {
    upstreams: [{ registry: upstream.url, cloud: 'gcp' }],
    mirrors: demo.mirrors.map((mirror) => ({
      ...mirror,
      endpoint: store.url,
      forcePathStyle: true,
      credentials: 'DEMO',
    })),
    clientAddress: { header: 'x-forwarded-for' },
    index: { directory: join(parts.scratch, 'prometheus', 'index') },
  }
}

/** Fills the mirrors, and gives what a Pushgateway would have of it. */
async function syncAndScrape(json: object): Promise<string> {
  const metrics = createSyncMetrics(Date.now)
  const summary = await runSync(parseConfig(json, 'the test'), {
    now: Date.now,
    record: metrics.record,
    env: {
      DEMO_ACCESS_KEY_ID: demo.credentials.accessKeyId,
      DEMO_SECRET_ACCESS_KEY: demo.credentials.secretAccessKey,
    },
    stop: new AbortController().signal,
  })
  metrics.end(summary)
  return (await metrics.scrape()).text
}

/** One of everything: to mirrors, to the upstream for each reason, answered here, and refused. */
async function useService(): Promise<void> {
  const blob = `/v2/hello/blobs/${layer.digest}`
  const asked: readonly (readonly [keyof typeof addresses, string, RequestInit?])[] = [
    ['aws/us-east-1', blob],
    ['aws/eu-west-1', blob],
    ['nowhere', blob],
    ['aws/eu-west-1', blob, { method: 'HEAD' }],
    ['aws/eu-west-1', `/v2/hello/blobs/sha256:${'0'.repeat(64)}`],
    ['gcp/us-central1', '/v2/hello/manifests/1.0'],
    ['nowhere', '/v2/hello/tags/list'],
    ['nowhere', '/v2/_catalog'],
  ]
  for (const [place, path, init] of asked) {
    const headers = { 'x-forwarded-for': addresses[place] }
    await fetch(service.url + path, { redirect: 'manual', headers, ...init })
  }
}
