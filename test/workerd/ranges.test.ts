import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { awsDocument, bytesOf, tableOf, usualRows } from '../ranges/fresh-documents.ts'
import { eventIn, theBundle } from './parts/place.ts'
import type { WorkerSettings } from './parts/start-worker.ts'
import { scheduledPath, startWorker } from './parts/start-worker.ts'

const first = 1_760_000_000
const newRows = [...usualRows, ['10.32.2.0/24', 'eu-west-1'] as const]
const digest = `sha256:${'a'.repeat(64)}`
const daily = `${scheduledPath}?cron=${encodeURIComponent('17 3 * * *')}`

/** A Worker that was deployed with a small table, and one address of a source. */
async function start(aws: string | null, settings: WorkerSettings) {
  const bundle = await theBundle()
  const modules = bundle.modules.map((each) =>
    each.type === 'Data' ? { ...each, contents: new Uint8Array(tableOf(first)) } : each,
  )
  const config = {
    upstreams: [{ registry: 'https://registry.example', cloud: 'gcp' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b' }],
    presence: 'assume',
    health: { everySeconds: 0 },
    ranges: { sources: { aws, gcp: null } },
  }
  const worker = await startWorker({ ...bundle, modules }, config, settings)
  onTestFinished(() => worker.stop())
  const reason = async () => {
    const answer = await fetch(`${worker.url}/v2/app/blobs/${digest}`, {
      headers: { 'cf-connecting-ip': '10.32.2.1' },
      redirect: 'manual',
    })
    return answer.headers.get('x-nearport-reason')
  }
  const events = () => worker.lines.flatMap(eventIn).filter(({ event }) => event === 'ranges')
  return { url: worker.url, reason, events }
}

async function serve(document: () => Uint8Array): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end(document())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, asked: () => asked }
}

test('the daily cron takes newer ranges, and keeps them in the bucket', async () => {
  const source = await serve(() => bytesOf(awsDocument(first + 1, newRows)))
  const { url, reason, events } = await start(source.url, { bucket: new Map() })
  expect(await reason()).toBe('no-location')
  await fetch(url + scheduledPath)
  expect(source.asked()).toBe(0)
  await fetch(url + daily)
  await expect
    .poll(events)
    .toEqual([expect.objectContaining({ outcome: 'updated', cloud: 'aws', problems: [] })])
  expect(await reason()).toBe('in-region')
  // Again within the hour nobody is asked.
  await fetch(url + daily)
  expect(source.asked()).toBe(1)
})

test('a document that must not be taken is told, and what is there stays', async () => {
  const source = await serve(() => bytesOf(awsDocument(first + 1, newRows.slice(0, 1))))
  const { url, reason, events } = await start(source.url, { bucket: new Map() })
  await fetch(url + daily)
  await expect.poll(events).toEqual([expect.objectContaining({ outcome: 'refused', cloud: 'aws' })])
  expect(await reason()).toBe('no-location')
})

test('a new isolate takes beside its first request what another has kept', async () => {
  const kept = new Uint8Array(tableOf(first + 1, { rows: newRows }))
  const bucket = new Map([['nearport/ranges.bin', kept]])
  const { reason, events } = await start(null, { bucket })
  await reason()
  await expect.poll(events).toEqual([expect.objectContaining({ outcome: 'updated' })])
  expect(await reason()).toBe('in-region')
})

test('with no bucket nobody is asked', async () => {
  const source = await serve(() => bytesOf(awsDocument(first + 1, newRows)))
  const { url, reason, events } = await start(source.url, {})
  await fetch(url + daily)
  expect(await reason()).toBe('no-location')
  expect([source.asked(), events()]).toEqual([0, []])
})

test('wrangler.toml has a cron that names its hour, for ranges, and one that does not', async () => {
  const toml = await readFile(new URL('../../wrangler.toml', import.meta.url), 'utf8')
  const crons = /^crons = (\[.*\])$/m.exec(toml)![1]!
  expect(JSON.parse(crons)).toEqual(['*/5 * * * *', '17 3 * * *'])
})
