import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { RangesEvent } from '../../src/core/event.ts'
import { bundledTablePath, openTable } from '../../src/ranges/bundled.ts'
import { replaceCloud } from '../../src/ranges/combine.ts'
import { compileContent } from '../../src/ranges/compile.ts'
import { decodeTable } from '../../src/ranges/decode.ts'
import { encodeTable } from '../../src/ranges/encode.ts'
import { mergeTables } from '../../src/ranges/newest.ts'
import { loadKeptTable, saveKeptTable } from '../../src/runtime/ranges/directory.ts'
import { decideInThread, mergeInThread } from '../../src/runtime/ranges/thread.ts'
import { createConfiguredRanges, startRanges } from '../../src/runtime/ranges.ts'
import { awsDocument, bytesOf, gcpDocument, tableOf, usualRows } from '../ranges/fresh-documents.ts'
import { startTestService } from './service.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-ranges-'))
})
afterAll(() => rm(folder, { recursive: true }))

const limits = { mostShrunk: 0.2, mostMoved: 0.05, mostGrown: 0.5, mostOfRegion: 0.5 }
const first = 1_760_000_000
const newRegion = [...usualRows, ['10.32.2.0/24', 'mx-central-1'] as const]
const upstreams = [{ registry: 'http://upstream.example', cloud: 'gcp' }]

test('a thread that cannot do its work says what is wrong', async () => {
  const task = {
    cloud: 'aws',
    document: new Uint8Array(),
    table: new Uint8Array(),
    limits,
  } as const
  await expect(decideInThread({ ...task, nowMs: 0 })).rejects.toThrow(
    'not a table of address ranges',
  )
})

test('a thread merges two tables as anyone does', async () => {
  const [one, other] = [tableOf(first + 1), tableOf(first, { gcpVersion: 1_700_000_000_009 })]
  const merged = await mergeInThread(one, other)
  expect(merged).toEqual(mergeTables(one, other, crc32))
  expect(openTable(merged).sources[1]!.version).toBe('1700000000009')
})

test('a kept table is there again, and a failed attempt leaves nothing behind', async () => {
  const directory = join(folder, 'not', 'there', 'yet')
  expect(await loadKeptTable(directory)).toBeUndefined()
  await saveKeptTable(directory, tableOf(first))
  await saveKeptTable(directory, tableOf(first + 1))
  expect(openTable((await loadKeptTable(directory))!).sources[0]!.version).toBe(String(first + 1))
  expect(await readdir(directory)).toEqual(['ranges.bin'])

  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(saveKeptTable(file, tableOf(first))).rejects.toThrow('EEXIST')
  await expect(loadKeptTable(file)).rejects.toThrow('ENOTDIR')
})

test('a newer document is taken beside the requests, and is on disk for the next start', async () => {
  const server = createServer((_, response) =>
    response.end(bytesOf(awsDocument(first + 1, newRegion))),
  ).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const directory = join(folder, 'fresh')
  const aws = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { ranges } = parseConfig(
    { upstreams, ranges: { directory, sources: { aws, gcp: null } } },
    'the test',
  )
  const keeper = createConfiguredRanges(ranges, { bundled: tableOf(first), firstLookMs: 0 })
  const { table } = keeper
  const events: RangesEvent[] = []
  const taken = new Promise<void>((resolve) => {
    void startRanges(keeper, (event) => {
      events.push(event)
      resolve()
    }).then((stop) => taken.then(stop))
  })

  // Whoever asks meanwhile is answered, by one table or the other.
  const answers = new Set<string>()
  let asked = 0
  const ask = (): void => {
    asked++
    answers.add([table.locate('10.0.0.1')?.region, table.locate('10.32.2.1')?.region].join())
  }
  const asking = setInterval(ask, 0)
  await taken
  clearInterval(asking)
  ask()
  server.close()
  expect([...answers]).toEqual(['us-east-1,', 'us-east-1,mx-central-1'])
  expect(asked).toBeGreaterThan(10)
  expect(events).toMatchObject([{ outcome: 'updated', cloud: 'aws', from: aws, problems: [] }])

  const again = createConfiguredRanges(ranges, { bundled: tableOf(first) })
  await again.restore()
  expect(again.table.locate('10.32.2.1')?.region).toBe('mx-central-1')
})

const service = {
  upstreams,
  mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://eu.example' }],
  presence: 'assume',
  clientAddress: { header: 'x-forwarded-for' },
}
const reasonFor = async (url: string, address: string) => {
  const response = await fetch(`${url}/v2/app/blobs/sha256:${'a'.repeat(64)}`, {
    redirect: 'manual',
    headers: { 'x-forwarded-for': address },
  })
  return response.headers.get('x-nearport-reason')
}

test('a service starts with the ranges that it finds on disk', async () => {
  const shipped = decodeTable(await readFile(bundledTablePath), crc32)
  const gcp = gcpDocument(1_790_000_000_000, [['203.0.113.0/24', 'us-central1']])
  const table = encodeTable(replaceCloud(shipped, compileContent({ gcp }), 'gcp'), crc32)
  const directory = join(folder, 'started')
  await saveKeptTable(directory, table)

  const { url, adminUrl, events, drain } = await startTestService({
    ...service,
    ranges: { directory, refreshSeconds: 0 },
  })
  expect(await reasonFor(url, '203.0.113.9')).toBe('same-cloud')
  expect(events[0]).toMatchObject({ event: 'ranges', outcome: 'updated', cloud: 'gcp' })
  expect(await (await fetch(`${adminUrl}/readyz`)).json()).toMatchObject({
    ranges: [{ cloud: 'aws' }, { cloud: 'gcp', version: '1790000000000' }, { cloud: 'azure' }],
  })
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  expect(metrics).toContain('nearport_ranges_updates_total{cloud="gcp",outcome="updated"} 1')
  await drain()
})

test('a service whose kept ranges are damaged says so, and starts with those that it came with', async () => {
  const directory = join(folder, 'damaged')
  await saveKeptTable(directory, new Uint8Array(1000))
  const { url, adminUrl, events, drain } = await startTestService({
    ...service,
    ranges: { directory, refreshSeconds: 0 },
  })
  expect(events[0]).toMatchObject({
    event: 'ranges',
    outcome: 'failed',
    problems: [expect.stringMatching(/^the kept copy: not a table of address ranges/)],
  })
  expect(await reasonFor(url, '34.240.0.1')).toBe('in-region')
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
  expect(metrics).toContain('nearport_ranges_updates_total{cloud="",outcome="failed"} 1')
  expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200)
  await drain()
})
