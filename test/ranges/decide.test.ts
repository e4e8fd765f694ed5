import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { openTable } from '../../src/ranges/bundled.ts'
import type { RangesTask } from '../../src/ranges/decide.ts'
import { decideRanges } from '../../src/ranges/decide.ts'
import { awsDocument, bytesOf, gcpDocument, tableOf, usualRows } from './fresh-documents.ts'
import type { Row } from './sample-documents.ts'

const limits = { mostShrunk: 0.2, mostMoved: 0.05, mostGrown: 0.5, mostOfRegion: 0.5 }
const inUse = 1_760_000_000
const nowMs = 1_780_000_000_000

function decide(
  document: Uint8Array,
  given: Partial<RangesTask> = {},
): ReturnType<typeof decideRanges> {
  const task: RangesTask = {
    cloud: 'aws',
    document,
    table: tableOf(inUse),
    limits,
    nowMs,
    ...given,
  }
  return decideRanges(task, crc32)
}

const fresh = inUse + 1000
const other: Readonly<Record<string, string>> = {
  'us-east-1': 'eu-west-1',
  'eu-west-1': 'us-east-1',
}
const exchanged = usualRows.map(([prefix, region, service = 'S3']): Row => [
  prefix,
  other[region] ?? region,
  service,
])

test('a sound document is in the new table, with where it is from', async () => {
  const rows = [...usualRows, ['10.32.2.0/24', 'mx-central-1'] as const]
  const document = bytesOf(awsDocument(fresh, rows))
  const decision = await decide(document, { from: 'https://a.example/d.json', etag: '"7"' })
  expect(decision).toMatchObject({ verdict: 'accepted', problems: [] })
  expect(decision.change?.gained).toEqual({ ipv4: 256, ipv6: 0 })
  expect(decision.regions.map(({ region }) => region)).toEqual(['aws/mx-central-1'])

  const table = openTable(decision.table!)
  expect(table.locate('10.32.2.1')).toEqual({ cloud: 'aws', region: 'mx-central-1' })
  expect(table.isEc2('10.32.1.1')).toBe(true)
  expect(table.locate('34.1.208.1')).toEqual({ cloud: 'gcp', region: 'africa-south1' })
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', document))
  expect(table.sources[0]).toMatchObject({
    version: String(fresh),
    from: 'https://a.example/d.json',
    etag: '"7"',
    sha256: Buffer.from(hash).toString('hex'),
  })
})

test.for<[string, Uint8Array, RegExp]>([
  ['nothing at all', new Uint8Array(), /^wanted JSON, got nothing$/],
  [
    'cut in half',
    bytesOf(awsDocument(fresh)).subarray(0, 300),
    /^wanted JSON, got 300 bytes of "\{\\"syncToken\\":\\"176000"…$/,
  ],
  [
    'an HTML error page',
    new TextEncoder().encode('<!DOCTYPE html><html>Service Unavailable'),
    /^wanted JSON, got \d+ bytes of "<!DOCTYPE html><html"…$/,
  ],
  ['half of its rows', bytesOf(awsDocument(fresh, usualRows.slice(0, 1))), /addresses of aws gone/],
  [
    'without any row',
    bytesOf(awsDocument(fresh, [])),
    /^aws: wanted at least one prefix, came none$/,
  ],
  [
    'from last year',
    bytesOf(awsDocument(inUse - 31_536_000)),
    /^wanted a document newer than version 1760000000, got 1728464000$/,
  ],
  [
    'from the next century',
    bytesOf(awsDocument(4_200_000_000)),
    /^wanted a document that is made already, got one of 2103-/,
  ],
  ['with two regions exchanged', bytesOf(awsDocument(fresh, exchanged)), /of aws moved, got 100%/],
  [
    'with a region missing',
    bytesOf(
      awsDocument(
        fresh,
        usualRows.filter(([, region]) => region !== 'ap-south-1'),
      ),
    ),
    /^wanted all known regions, got none of aws\/ap-south-1$/,
  ],
  ['another cloud’s', bytesOf(gcpDocument(1_790_000_000_000)), /^aws\.ipv6_prefixes: /],
  [
    'with a prefix that is none',
    bytesOf(awsDocument(fresh, [...usualRows, ['10.64.0.1/24', 'us-east-1']])),
    /^aws\.prefixes\[4\]\.ip_prefix: wanted an IPv4 prefix/,
  ],
  [
    'with all addresses there are',
    bytesOf(awsDocument(fresh, [...usualRows, ['0.0.0.0/0', 'us-east-1']])),
    /of aws new, got/,
  ],
])('a document that is %s is refused', async ([, document, problem]) => {
  const decision = await decide(document)
  expect(decision.verdict).toBe('refused')
  expect(decision.problems.join('\n')).toMatch(new RegExp(problem.source, 'm'))
})

test('a document with many problems is refused with the first of them', async () => {
  const rows = Array.from({ length: 30 }, (): Row => ['x', 'us-east-1'])
  const { problems } = await decide(bytesOf(awsDocument(fresh, rows)))
  expect(problems).toHaveLength(6)
  expect(problems.at(-1)).toBe('and 25 problems more')
})

test('a document with which no table can be made is refused', async () => {
  let calls = 0
  const task = {
    cloud: 'aws',
    document: bytesOf(awsDocument(fresh)),
    table: tableOf(inUse),
    limits,
  }
  // The checksum is the last step, and here stands for whichever fails.
  const decision = await decideRanges({ ...task, cloud: 'aws', nowMs }, (bytes) => {
    if (calls++ > 0) throw new Error('a table has room for 1 span, came 2')
    return crc32(bytes)
  })
  expect(decision).toMatchObject({
    verdict: 'refused',
    problems: ['a table has room for 1 span, came 2'],
    table: undefined,
  })
})

test('the same version is no news', async () => {
  expect((await decide(bytesOf(awsDocument(inUse)))).verdict).toBe('unchanged')
})
