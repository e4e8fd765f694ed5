import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import type { Stoppable } from './parts/process.ts'
import { answers, startProcess } from './parts/process.ts'
import { checkMetrics } from './parts/promtool.ts'

// What Prometheus's own tools make of the metrics of a run.
const parts = inject('parts')
const gatewayUrl = 'http://127.0.0.1:7391'
const file = join(parts.scratch, 'nearport.prom')
const lastSuccess = 'nearport_sync_last_success_timestamp_seconds'
let mirrors: Mirrors
let nearport: Nearport
let gateway: Stoppable

beforeAll(async () => {
  mirrors = await startMirrors(parts, 'metrics', 8151)
  nearport = await configureNearport(parts, 'metrics', mirrors.faces)
  gateway = await startProcess({
    name: 'pushgateway',
    command: ['prometheus-pushgateway', `--web.listen-address=${new URL(gatewayUrl).host}`],
    logs: parts.scratch,
    ready: () => answers(`${gatewayUrl}/-/ready`),
  })
  await nearport.cli('sync', '--metrics-file', file, '--push-metrics', gatewayUrl)
})
afterAll(async () => {
  await gateway?.stop()
  await mirrors?.stop()
})

const pushed = async () => (await fetch(`${gatewayUrl}/metrics`)).text()

test('promtool finds nothing to say about the metrics of a run', async () => {
  const metrics = await readFile(file, 'utf8')
  expect(metrics).toMatch(/^nearport_sync_written_bytes_total\{mirror="aws\/us-east-1",.*\} [1-9]/m)
  expect(await checkMetrics(metrics)).toBe('')
})

test('a Pushgateway has what the file has', async () => {
  const text = await pushed()
  expect(text).toContain('nearport_sync_success{instance="",job="nearport_sync"} 1')
  expect(text).toContain('push_failure_time_seconds{instance="",job="nearport_sync"} 0')
})

test('a run that fails leaves the time of the last success where it was', async () => {
  const failing = await configureNearport(parts, 'metrics-failing', mirrors.faces, {
    sync: { repositories: ['not/there'] },
  })
  const before = new RegExp(`^${lastSuccess} .*$`, 'm').exec(await readFile(file, 'utf8'))![0]
  const args = ['sync', '--metrics-file', file, '--push-metrics', gatewayUrl]
  await expect(failing.cli(...args)).rejects.toThrow('code 1')
  const text = await pushed()
  expect(text).toContain('nearport_sync_success{instance="",job="nearport_sync"} 0')
  expect(text).toContain(`${lastSuccess}{instance="",job="nearport_sync"} `)
  const after = await readFile(file, 'utf8')
  expect(after).toContain('nearport_sync_success 0')
  expect(after).toContain(before)
  expect(await checkMetrics(after)).toBe('')
})
