import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../src/cli/command.ts'
import { ranges } from '../../src/cli/ranges.ts'
import { loadBundledTable, openTable } from '../../src/ranges/bundled.ts'
import { awsDocument, bytesOf, gcpDocument, tableOf, usualRows } from '../ranges/fresh-documents.ts'
import { createTerminal } from './terminal.ts'

const first = 1_760_000_000
const newer = awsDocument(first + 1, [
  ...usualRows.filter(([prefix]) => prefix !== '10.16.0.0/12'),
  ['10.16.0.0/13', 'eu-west-1'],
  ['10.24.0.0/14', 'eu-west-1'],
  ['10.28.0.0/15', 'eu-west-1'],
  ['10.30.0.0/16', 'us-east-1'],
  ['10.32.2.0/24', 'mx-central-1'],
])
const exchanged = awsDocument(
  first + 1,
  usualRows.map(([prefix, region, service = 'S3']) => [
    prefix,
    region === 'us-east-1' ? 'eu-west-1' : 'us-east-1',
    service,
  ]),
)

let folder: string
let server: Server
let url: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-ranges-'))
  server = createServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end()
    else response.writeHead(200, { ETag: '"1"' }).end(bytesOf(newer))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await write('table.bin', tableOf(first))
  await write('newer.json', bytesOf(newer))
  await write('exchanged.json', bytesOf(exchanged))
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

async function write(name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(folder, name), bytes)
}

async function run(...args: readonly string[]): Promise<{ code: number; out: string }> {
  const terminal = createTerminal()
  const code = await ranges.run(args, terminal)
  return { code, out: terminal.written.out }
}

test('diff says what would change, in all and by region, and that it would be taken', async () => {
  const { code, out } = await run(
    'diff',
    `--aws=${join(folder, 'newer.json')}`,
    `--table=${join(folder, 'table.bin')}`,
  )
  expect(out.split('\n')).toEqual([
    'aws: version 1760000000 of 2025-10-09 to version 1760000001 of 2025-10-09: accepted',
    '  of 2,097,664 IPv4 addresses: 256 new, 65,536 gone, 65,536 moved',
    '  of 33,554,432 IPv6 networks of /64: 0 new, 0 gone, 0 moved',
    '  region            IPv4 in  IPv4 out  IPv6 /64 in  IPv6 /64 out',
    '  aws/eu-west-1           0  -131,072            0             0',
    '  aws/us-east-1     +65,536         0            0             0',
    '  aws/mx-central-1     +256         0            0             0',
    '',
  ])
  expect(code).toBe(0)
})

test('diff says why a document would be refused, and fails', async () => {
  const args = [`--aws=${join(folder, 'exchanged.json')}`, `--table=${join(folder, 'table.bin')}`]
  const { code, out } = await run('diff', ...args)
  expect(code).toBe(1)
  expect(out).toContain(': refused\n')
  expect(out).toContain('  wanted at most 5% of the IPv4 addresses of aws moved, got 100%\n')

  const json = JSON.parse((await run('diff', ...args, '--json')).out) as { documents: object[] }
  expect(json.documents).toMatchObject([
    {
      cloud: 'aws',
      from: 'exchanged.json',
      outcome: 'refused',
      taken: false,
      before: { version: String(first) },
      after: { version: String(first + 1) },
      change: { movedOut: { ipv4: 2_097_664 } },
      regions: [{ region: 'aws/us-east-1' }, {}, {}, {}],
    },
  ])
})

test('diff reads addresses too, and one that gives nothing fails by itself', async () => {
  const table = `--table=${join(folder, 'table.bin')}`
  const { code, out } = await run('diff', `--aws=${url}/a?k=s`, `--gcp=${url}/gone`, table)
  expect(code).toBe(1)
  expect(out).toMatch(/^aws: version 1760000000 .* accepted$/m)
  expect(out).toMatch(
    /^gcp: version \d+ .* to no document: failed\n {2}wanted status 200, got 404$/m,
  )
  const json = await run('diff', `--aws=${url}/a?k=s`, table, '--json')
  expect(JSON.parse(json.out)).toMatchObject({ documents: [{ from: `${url}/a` }] })
})

test('without flags the documents are those of the configuration', async () => {
  const config = join(folder, 'nearport.json')
  const sources = { aws: null, gcp: `${url}/gone` }
  await write(
    'nearport.json',
    bytesOf({ upstreams: [{ registry: 'http://a.example' }], ranges: { sources } }),
  )
  const { code, out } = await run('diff', '--config', config)
  expect(code).toBe(1)
  expect(out).toMatch(/^gcp: version \d+ of 2026-07-29 to no document: failed\n/)
})

test('update keeps what is taken where serve and diff find it', async () => {
  const directory = join(folder, 'kept')
  const document = gcpDocument(1_790_000_000_000, [['34.1.208.0/20', 'africa-south1']])
  await write('gcp.json', bytesOf(document))
  const gcp = `--gcp=${join(folder, 'gcp.json')}`

  const refused = await run('update', gcp, `--directory=${directory}`)
  expect(refused.code).toBe(1)
  await expect(readFile(join(directory, 'ranges.bin'))).rejects.toThrow('ENOENT')

  const taken = await run('update', gcp, `--directory=${directory}`, '--anyway')
  expect(taken.out).toContain('version 1790000000000 of 2026-09-21: refused, and kept\n')
  expect(taken.code).toBe(0)
  const table = openTable(await readFile(join(directory, 'ranges.bin')))
  expect(table.locations.filter(({ cloud }) => cloud === 'gcp')).toHaveLength(1)
  expect(table.sources[0]).toEqual(loadBundledTable().sources[0])

  const config = join(folder, 'kept.json')
  await write(
    'kept.json',
    bytesOf({ upstreams: [{ registry: 'http://a.example' }], ranges: { directory: 'kept' } }),
  )
  const again = await run('update', gcp, '--config', config)
  expect(again).toEqual({ code: 0, out: expect.stringMatching(/: unchanged\n$/) as string })
})

test('an older document is not kept, come what may', async () => {
  const directory = join(folder, 'older')
  const args = [`--aws=${join(folder, 'newer.json')}`, `--directory=${directory}`, '--anyway']
  const { code, out } = await run('update', ...args)
  expect(code).toBe(1)
  expect(out).toContain('wanted a document newer than version 1785313625, got 1760000001')
  await expect(readFile(join(directory, 'ranges.bin'))).rejects.toThrow('ENOENT')
})

test.for<[string, readonly string[], string]>([
  ['update without a folder', ['update', '--aws', 'x'], 'wanted --directory, or ranges.directory'],
  ['a file that is not there', ['diff', '--aws', 'none.json'], '--aws wants a file to read'],
  ['a table for update', ['update', '--table', 'x'], '--table is not a flag here'],
  ['a word', ['diff', 'aws'], 'wanted flags alone, and got aws'],
])('%s is a wrong use', async ([, args, message]) => {
  const failure = await run(...args).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UsageError)
  expect((failure as Error).message).toContain(message)
})
