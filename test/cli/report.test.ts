import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { addresses, startTestService } from '../runtime/service.ts'
import { createTerminal } from './terminal.ts'

const config = {
  upstreams: [{ registry: 'https://upstream.example', cloud: 'gcp' }],
  mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://127.0.0.1:1' }],
  presence: 'assume',
  clientAddress: { header: 'x-forwarded-for' },
}
const gib = 2 ** 30
let folder: string
const path = (name: string) => join(folder, name)
const event = (change: object) =>
  JSON.stringify({
    event: 'request',
    timeMs: 1_000_000_000_000,
    method: 'GET',
    kind: 'blob',
    repository: 'app',
    cloud: 'aws',
    region: 'eu-west-1',
    action: 'mirror',
    reason: 'in-region',
    mirror: 'aws/eu-west-1',
    status: 307,
    bytes: 100 * gib,
    durationMs: 1,
    ...change,
  })
const upstream = { action: 'upstream', reason: 'no-mirror', mirror: undefined }
const later = { timeMs: 1_000_036_000_000 }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-report-'))
  await writeFile(path('nearport.json'), JSON.stringify(config))
  const lines = [
    '{"event":"started","timeMs":1000000000000}',
    event({}),
    event({ ...upstream, region: 'ap-south-1', ...later }),
  ]
  await writeFile(path('events.jsonl'), `${lines.join('\n')}\n`)
  await writeFile(path('cut.jsonl.gz'), gzipSync(`${lines.join('\n')}\n`).subarray(0, 80))
  await writeFile(path('events.jsonl.gz'), gzipSync(`${lines.join('\n')}\n`))
  const doubtful = [...lines, 'what is this?', '', '{"event":"events-lost","count":3}', '[]']
  await writeFile(path('doubtful.jsonl'), doubtful.join('\n'))
  await writeFile(path('nothing.jsonl'), '{"event":"started","timeMs":1}\n{"event":"request"}\n')
})
afterAll(() => rm(folder, { recursive: true }))

async function run(...args: string[]) {
  const terminal = createTerminal()
  const code = await main(['report', ...args], terminal)
  return { code, ...terminal.written }
}

test.for(['events.jsonl', 'events.jsonl.gz'])('%s is read as the service counted', async (file) => {
  const { code, out, err } = await run('--config', path('nearport.json'), '--json', path(file))
  expect([code, err]).toEqual([0, ''])
  const { periods, missed } = JSON.parse(out) as {
    periods: { bytes: object; lengthMs: number }[]
    missed: { location: string; costAMonth: string }[]
  }
  expect(periods[2]).toMatchObject({
    lengthMs: 36_000_000,
    bytes: { mirror: 100 * gib, upstream: 100 * gib },
  })
  expect(missed).toMatchObject([{ location: 'aws/ap-south-1', costAMonth: '584' }])
})

test('people read what was saved, what was not, and what to do', async () => {
  const { out } = await run('--config', path('nearport.json'), path('events.jsonl'))
  expect(out).toMatch(
    /^since start \(10 h\): 107 GB of 215 GB from mirrors \(50\.0 %\), saved \$8\.00/m,
  )
  expect(out).toMatch(/^1\. no-mirror aws\/ap-south-1: 107 GB in 1 request, \$584\.00 a month/m)
  expect(out).toContain('run: nearport mirrors create aws/ap-south-1 && nearport sync')
  expect(out).toMatch(/^aws\/eu-west-1: clients are sent there; 1 hit, 107 GB$/m)
})

test('lines that are no events, and events that were lost, are told', async () => {
  const { code, err } = await run('--config', path('nearport.json'), path('doubtful.jsonl'))
  expect(code).toBe(0)
  expect(err).toContain('2 of 6 lines are no events and left out')
  expect(err).toContain('doubtful.jsonl line 4: what is this?')
  expect(err).toContain('3 events were lost before they were written')
})

test('a running nearport is asked for its own', async () => {
  const service = await startTestService(config)
  const blob = `/v2/app/blobs/sha256:${'a'.repeat(64)}`
  const headers = { 'x-forwarded-for': addresses.nowhere }
  await fetch(`${service.url}${blob}`, { headers, redirect: 'manual' })
  const { code, out } = await run('--url', service.adminUrl)
  await service.drain()
  expect(code).toBe(0)
  expect(out).toContain('1 request of unknown size')
  expect(out).toMatch(/1\. no-location -: 0 B in 1 request, no known cost; would save: not known/)
})

test.for<[string, number, readonly string[], RegExp]>([
  ['nobody who answers', 1, ['--url', 'http://127.0.0.1:1'], /wanted a report from .*:1\/report/],
  ['a file that is not there', 1, ['--config', 'nearport.json', 'no-such'], /ENOENT/],
  [
    'a gzip that ends too early',
    1,
    ['--config', 'nearport.json', 'cut.jsonl.gz'],
    /cut\.jsonl\.gz could not be read.*: the gzip ends before its end/,
  ],
  ['a file without a request', 1, ['--config', 'nearport.json', 'nothing.jsonl'], /got none; the/],
  ['files and an address', 2, ['--url', 'http://a', 'events.jsonl'], /got both/],
  ['files and no configuration', 2, ['events.jsonl'], /wants a configuration/],
])('%s ends with words', async ([, code, args, message]) => {
  const files = /\.json|no-such|cut/
  const given = args.map((arg) => (files.test(arg) ? path(arg) : arg))
  const here = process.cwd()
  process.chdir(tmpdir())
  try {
    const ran = await run(...given)
    expect(ran.code).toBe(code)
    expect(ran.err).toMatch(message)
  } finally {
    process.chdir(here)
  }
})
