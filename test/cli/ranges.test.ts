import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../src/cli/command.ts'
import { ranges } from '../../src/cli/ranges.ts'
import { documentsOf } from '../ranges/sample-documents.ts'
import type { Row } from '../ranges/sample-documents.ts'
import { createTerminal } from './terminal.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-ranges-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs one command line with this on standard input, in chunks as given. */
async function run(
  args: readonly string[],
  input: readonly string[] = [],
): Promise<{ code: number; out: string }> {
  const terminal = createTerminal()
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const chunk of input) yield Buffer.from(chunk)
  }
  const code = await ranges.run(args, { ...terminal, input: chunks() })
  return { code, out: terminal.written.out }
}

/** Writes documents with these AWS rows, and gives the flags that name them. */
async function writeDocuments(name: string, aws: readonly Row[]): Promise<readonly string[]> {
  const documents = documentsOf({
    aws,
    gcp: [['34.1.208.0/20', 'africa-south1']],
    azure: [['4.199.128.0/17', 'australiacentral']],
  })
  return Promise.all(
    Object.entries(documents).map(async ([cloud, document]) => {
      const path = join(folder, `${name}-${cloud}.json`)
      await writeFile(path, JSON.stringify(document))
      return `--${cloud}=${path}`
    }),
  )
}

test('lookup prints a line for each address given', async () => {
  expect(await run(['lookup', '35.180.1.1', '2600:1f01:4874::47', '10.0.0.1', 'x'])).toEqual({
    code: 0,
    out: [
      '35.180.1.1\taws\teu-west-3\n',
      '2600:1f01:4874::47\taws\tus-west-2\n',
      '10.0.0.1\t-\t-\n',
      'x\t-\t-\n',
    ].join(''),
  })
})

test('lookup reads lines from standard input, however they come', async () => {
  const chunks = [
    '35.180.',
    '1.1\r\n\n  \n',
    ' 52.94.76.1:443 \nno\taddress\u001b[2J\n[2600:1f01:4874::47',
    ']:1',
  ]
  expect(await run(['lookup'], chunks)).toEqual({
    code: 0,
    out: [
      '35.180.1.1\taws\teu-west-3\n',
      '52.94.76.1:443\taws\tus-west-2\n',
      'no?address?[2J\t-\t-\n',
      '[2600:1f01:4874::47]:1\taws\tus-west-2\n',
    ].join(''),
  })
})

test('lookup --json prints objects', async () => {
  const { out } = await run(['lookup', '--json'], ['35.180.1.1\n52.94.76.1\n34.1.208.1\nx\n'])
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { address: '35.180.1.1', cloud: 'aws', region: 'eu-west-3', ec2: true },
    { address: '52.94.76.1', cloud: 'aws', region: 'us-west-2', ec2: false },
    { address: '34.1.208.1', cloud: 'gcp', region: 'africa-south1', ec2: false },
    { address: 'x', cloud: null, region: null, ec2: false },
  ])
})

test('lookup stops when it is asked to', async () => {
  const terminal = createTerminal()
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield Buffer.from('35.180.1.1\n')
      terminal.end()
    }
  }
  expect(await ranges.run(['lookup'], { ...terminal, input: endless() })).toBe(1)
  expect(terminal.written.out).toBe('35.180.1.1\taws\teu-west-3\n')
})

test('show says where the shipped table is from', async () => {
  const { code, out } = await run(['show'])
  expect(code).toBe(0)
  expect(out).toContain('aws    ip-ranges.json, version 1785313625, 2026-07-29T08:27:05.000Z')
  expect(out).toContain('azure  ServiceTags_Public.json, version 420, no date')
  expect(out).toMatch(/168 locations, \d+ IPv4 and \d+ IPv6 spans, \d+ bytes\n$/)

  const { sources, locations } = JSON.parse((await run(['show', '--json'])).out) as {
    sources: object[]
    locations: object[]
  }
  expect([sources.length, locations.length]).toEqual([3, 168])
})

test('what compile wrote is looked up in, and verify has nothing to say about it', async () => {
  const table = join(folder, 'same.bin')
  const documents = await writeDocuments('same', [['192.0.2.0/24', 'us-south-1', 'EC2']])

  const compiled = await run(['compile', ...documents, '--out', table])
  expect(compiled.code).toBe(0)
  expect(compiled.out).toContain(`bytes: written to ${table}\n`)
  const { out } = await run(['lookup', '--table', table, '192.0.2.1'])
  expect(out).toBe('192.0.2.1\taws\tus-south-1\n')

  const verified = await run(['verify', ...documents, '--table', table])
  expect(verified.code).toBe(0)
  expect(verified.out).toMatch(/^the table is what these documents compile to: 3 locations, /)
  const json = await run(['verify', ...documents, '--table', table, '--json'])
  expect(JSON.parse(json.out)).toMatchObject({ same: true, differences: 0, first: [] })
})

test('verify says which addresses differ, and fails', async () => {
  const table = join(folder, 'old.bin')
  const old = await writeDocuments('old', [
    ['192.0.2.0/24', 'us-east-1'],
    ['2001:db8::/32', 'eu-west-1'],
  ])
  await run(['compile', ...old, '--out', table])

  const now = await writeDocuments('now', [
    ['192.0.2.0/24', 'us-east-1'],
    ['192.0.2.128/25', 'us-east-1', 'EC2'],
    ['198.51.100.0/24', 'us-east-2'],
    ['2001:db8:1::/48', 'eu-west-1'],
    ['2001:db8::/33', 'eu-west-1'],
  ])
  const { code, out } = await run(['verify', ...now, '--table', table])
  expect(code).toBe(1)
  expect(out.split('\n')).toEqual([
    'the table is not what these documents compile to',
    expect.stringMatching(
      /^table {6}aws {4}ip-ranges.json, version 1785313625, .* 1 IPv4 and 1 IPv6/,
    ),
    expect.stringMatching(/^table {6}gcp /),
    expect.stringMatching(/^table {6}azure /),
    expect.stringMatching(/^documents {2}aws .* 3 IPv4 and 2 IPv6 prefixes$/),
    expect.stringMatching(/^documents {2}gcp /),
    expect.stringMatching(/^documents {2}azure /),
    '3 runs of addresses differ',
    '192.0.2.128 to 192.0.2.255: aws/us-east-1 in the table, aws/us-east-1 (EC2) in the documents',
    '198.51.100.0 to 198.51.100.255: nobody in the table, aws/us-east-2 in the documents',
    '2001:db8:8000:: to 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff: aws/eu-west-1 in the table, nobody in the documents',
    '',
  ])

  const json = await run(['verify', ...now, '--table', table, '--json'])
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject({
    same: false,
    differences: 3,
    first: [{ first: '192.0.2.128', last: '192.0.2.255', table: 'aws/us-east-1' }, {}, {}],
  })
})

test('verify shows the first twenty of many differences', async () => {
  const table = join(folder, 'few.bin')
  await run(['compile', ...(await writeDocuments('few', [['9.0.0.0/8', 'x']])), '--out', table])
  const many = Array.from({ length: 30 }, (_, at): Row => [`10.${at}.0.0/24`, 'y'])
  const documents = await writeDocuments('many', [['9.0.0.0/8', 'x'], ...many])
  const { out } = await run(['verify', ...documents, '--table', table])
  expect(out).toMatch(/30 runs of addresses differ\n(.* to .*\n){20}and 10 more\n$/)
})

test.for<[string, readonly string[], string]>([
  ['no verb', [], 'ranges wants one of lookup, show, compile, verify, diff, update, and got none'],
  ['an unknown verb', ['find'], 'and got find'],
  ['an unknown flag', ['lookup', '--config', 'x'], '--config is not a flag here'],
  ['a flag without a value', ['lookup', '--table'], '--table wants a value and got none'],
  [
    'no documents',
    ['compile'],
    'wanted --aws, --gcp and --azure, and got no --aws, no --gcp, no --azure',
  ],
  ['one document too few', ['verify', '--aws', 'a', '--gcp', 'g'], 'and got no --azure'],
  ['an address to show', ['show', '1.2.3.4'], 'wanted flags alone, and got 1.2.3.4'],
])('%s is a wrong use', async ([, args, message]) => {
  const failure = await run(args).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UsageError)
  expect((failure as Error).message).toContain(message)
})

test('--help says how each is used', async () => {
  const { code, out } = await run(['--help'])
  expect(code).toBe(0)
  for (const verb of ['lookup', 'show', 'compile', 'verify'])
    expect(out).toContain(`ranges ${verb} `)
})

test('a damaged table, a missing one and a document that is not JSON fail by name', async () => {
  const damaged = join(folder, 'damaged.bin')
  await writeFile(damaged, 'no table')
  await expect(run(['lookup', '--table', damaged, '::'])).rejects.toThrow('not a table of address')
  await expect(run(['show', '--table', join(folder, 'none.bin')])).rejects.toThrow(
    '--table wants a file to read',
  )

  const text = join(folder, 'text.json')
  await writeFile(text, '<html>')
  const documents = ['--aws', text, '--gcp', text, '--azure', text]
  await expect(run(['compile', ...documents])).rejects.toThrow(`${text} is not JSON: `)
})

test('a document that is refused leaves the table as it was', async () => {
  const table = join(folder, 'kept.bin')
  await run(['compile', ...(await writeDocuments('kept', [['9.0.0.0/8', 'x']])), '--out', table])
  const before = await readFile(table)
  const wrong = await writeDocuments('wrong', [['9.0.0.1/8', 'x']])
  await expect(run(['compile', ...wrong, '--out', table])).rejects.toThrow(
    'aws.prefixes[0].ip_prefix',
  )
  expect(await readFile(table)).toEqual(before)
})
