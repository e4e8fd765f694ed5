import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import type { RequestEvent } from '../../../src/core/event.ts'
import type { Traffic } from '../../../src/sync/traffic/traffic.ts'
import { readTraffic } from '../../../src/sync/traffic/traffic.ts'
import {
  bytesPulled,
  demandOf,
  locationsByMirror,
} from '../../../src/sync/traffic/traffic-demand.ts'
import { longestLine } from '../../../src/traffic/line-splitter.ts'
import { LogError } from '../../../src/traffic/read-logs.ts'

const digest = (n: number) => digestOfHex(n.toString(16).padStart(64, '0'))
const locate = (address: string) =>
  address.startsWith('52.') ? ({ cloud: 'aws', region: 'eu-west-1' } as const) : undefined

function event(more: { readonly [K in keyof RequestEvent]?: unknown } = {}): string {
  const pull: RequestEvent = {
    event: 'request',
    timeMs: 1_000_000,
    method: 'GET',
    kind: 'blob',
    repository: 'app',
    reference: digest(1),
    cloud: 'aws',
    region: 'us-east-1',
    action: 'mirror',
    reason: 'in-region',
    status: 307,
    sizeBytes: 100,
    durationMs: 1,
  }
  return JSON.stringify({ ...pull, ...more })
}

function logged(
  request = `GET /v2/team/app/blobs/${digest(1)} HTTP/1.1`,
  rest = '200 100 "-" "containerd/2.0"',
  address = '52.1.2.3',
): string {
  return `${address} - - [10/Oct/2025:13:55:36 +0200] "${request}" ${rest}`
}

async function inFile(content: string | Uint8Array, name = 'traffic.log'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-traffic-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function read(...lines: readonly string[]): Promise<Traffic> {
  return readTraffic([await inFile(lines.map((line) => `${line}\n`).join(''))], locate)
}

const pulled = (traffic: Traffic) =>
  [...traffic.byLocation].map(([location, table]) => [
    location,
    [...table.digests()].map((id) => ({
      blob: Number.parseInt(id.slice(7), 16),
      ...table.get(id),
    })),
  ])

describe('events', () => {
  test('of blobs are pulls, by where the client is', async () => {
    const traffic = await read(
      event(),
      event({ timeMs: 3_000_000 }),
      event({ reference: digest(2), sizeBytes: undefined }),
      event({ region: 'eu-west-1', status: 200 }),
      event({ cloud: undefined, region: undefined, status: 206 }),
    )
    expect(pulled(traffic)).toEqual([
      [
        'aws/us-east-1',
        [
          { blob: 1, pulls: 2, bytes: 200, unsized: 0 },
          { blob: 2, pulls: 1, bytes: 0, unsized: 1 },
        ],
      ],
      ['aws/eu-west-1', [{ blob: 1, pulls: 1, bytes: 100, unsized: 0 }]],
      ['-', [{ blob: 1, pulls: 1, bytes: 100, unsized: 0 }]],
    ])
    expect(traffic).toMatchObject({
      pulls: 5,
      lines: 5,
      notUnderstood: 0,
      firstMs: 1_000_000,
      lastMs: 3_000_000,
    })
  })

  test.for<[string, string]>([
    ['a HEAD', event({ method: 'HEAD' })],
    ['a manifest', event({ kind: 'manifest', reference: 'latest' })],
    ['a refusal', event({ status: 404 })],
    ['a blob by another algorithm', event({ reference: `sha512:${'a'.repeat(128)}` })],
    ['another event', '{"event":"mirror-lost","timeMs":5,"mirror":"aws/us-east-1"}'],
  ])('%s is understood, and no pull', async ([, line]) => {
    expect(await read(line)).toMatchObject({ pulls: 0, lines: 1, notUnderstood: 0 })
  })

  test('that were lost are counted', async () => {
    const traffic = await read(event(), '{"event":"events-lost","count":7}')
    expect(traffic).toMatchObject({ lost: 7, pulls: 1, notUnderstood: 0 })
  })

  test.for<[string, string]>([
    ['cut short', event().slice(0, 90)],
    ['of somebody else', '{"httpRequest":{"status":200}}'],
    ['with a time that is none', event({ timeMs: -1 })],
    ['of a request without a time', event({ timeMs: undefined })],
    ['of a request of no kind', event({ kind: undefined })],
    ['without a method', event({ method: undefined })],
    ['of a blob without a digest', event({ reference: undefined })],
    ['with half a status', event({ status: 200.5 })],
    ['with a size that is none', event({ sizeBytes: -1 })],
    ['lost, and nobody knows how many', '{"event":"events-lost"}'],
  ])('%s are not understood', async ([, line]) => {
    const traffic = await read(line, event())
    expect(traffic).toMatchObject({ pulls: 1, lines: 2, notUnderstood: 1 })
    expect(traffic.sample).toContain('traffic.log line 1: {"')
  })

  test('whose location is no name are nowhere known', async () => {
    const traffic = await read(event({ region: 'a/b' }), event({ cloud: 'attic' }))
    expect([...traffic.byLocation.keys()]).toEqual(['-'])
  })
})

describe('access logs', () => {
  test('tell what was read, or only that a client was sent on', async () => {
    const path = `/v2/app/blobs/${digest(2)}`
    const traffic = await read(
      logged(),
      logged(undefined, '206 40 "-" "x"'),
      logged(`GET ${path}?ns=docker.io HTTP/1.1`, '307 0 "-" "x"'),
      logged(`GET https://host.example${path} HTTP/2.0`, '200 - "-" "x"'),
      logged(undefined, '302 5', '10.0.0.1'),
    )
    expect(pulled(traffic)).toEqual([
      [
        'aws/eu-west-1',
        [
          { blob: 1, pulls: 2, bytes: 140, unsized: 0 },
          { blob: 2, pulls: 2, bytes: 0, unsized: 2 },
        ],
      ],
      ['-', [{ blob: 1, pulls: 1, bytes: 0, unsized: 1 }]],
    ])
    expect(traffic.firstMs).toBe(Date.UTC(2025, 9, 10, 11, 55, 36))
    expect(traffic).toMatchObject({ lines: 5, notUnderstood: 0 })
  })

  test.for<[string, string]>([
    ['a HEAD', logged(`HEAD /v2/app/blobs/${digest(1)} HTTP/1.1`)],
    ['a manifest', logged('GET /v2/app/manifests/latest HTTP/1.1')],
    ['a blob that is not there', logged(undefined, '404 19 "-" "x"')],
    ['a path that only ends like a blob', logged(`GET /x/blobs/${digest(1)} HTTP/1.1`)],
    ['a digest that is longer', logged(`GET /v2/app/blobs/${digest(1)}0 HTTP/1.1`)],
    ['a request that was no HTTP', logged(String.raw`\x16\x03\x01\"`, '400 150 "-" "-"')],
    ['a common log', logged(undefined, '304 0')],
  ])('%s is understood, and no pull', async ([, line]) => {
    expect(await read(line)).toMatchObject({ pulls: 0, lines: 1, notUnderstood: 0 })
  })

  test('may name a user, with spaces', async () => {
    expect(await read(logged().replace('- - [', '- two names ['))).toMatchObject({ pulls: 1 })
  })

  test.for<[string, string]>([
    ['a month that is none', logged().replace('Oct', 'Okt')],
    [
      'a time in another form',
      logged().replace('10/Oct/2025:13:55:36 +0200', '2025-10-10T13:55:36Z'),
    ],
    ['no status', logged(undefined, '"-"')],
    ['prose', 'the quick brown fox'],
  ])('with %s are not understood', async ([, line]) => {
    expect(await read(line, logged())).toMatchObject({ lines: 2, notUnderstood: 1, pulls: 1 })
  })

  test('west of Greenwich have their own time', async () => {
    const traffic = await read(logged().replace('+0200', '-0730'))
    expect(traffic.lastMs).toBe(Date.UTC(2025, 9, 10, 21, 25, 36))
  })
})

describe('files', () => {
  test('are added up, plain and gzip, with either line end, and without the last', async () => {
    const paths = [
      await inFile(`${event()}\r\n\r\n\n${event({ timeMs: 9_000_000 })}`),
      await inFile(gzipSync(`${logged()}\n${event({ reference: digest(3) })}\n`), 'x.log.gz'),
    ]
    const traffic = await readTraffic(paths, locate)
    expect(traffic).toMatchObject({ lines: 4, pulls: 4, notUnderstood: 0, sample: undefined })
    expect(traffic.byLocation.get('aws/us-east-1')?.get(digest(1))?.pulls).toBe(2)
  })

  test('that hold nothing say nothing', async () => {
    const traffic = await readTraffic([await inFile(''), await inFile('', 'x.gz')], locate)
    expect(traffic).toMatchObject({ lines: 0, firstMs: undefined, lastMs: undefined })
  })

  test('half of which is not understood are read, and say which line', async () => {
    const traffic = await read(event(), 'one\u0007 GET /a?token=secret', 'two', event())
    expect(traffic).toMatchObject({ notUnderstood: 2, lines: 4 })
    expect(traffic.sample).toMatch(/traffic\.log line 2: one\? GET \/a\?…$/)
  })

  test('of which more is not understood are refused, with the line and how it begins', async () => {
    await expect(read(event(), '', 'one', `two${'x'.repeat(500)}`)).rejects.toThrow(
      /^.*traffic\.log is not understood: wanted .*, and 2 of 3 lines are not; the first is .*traffic\.log line 3: one$/,
    )
    await expect(read('x'.repeat(500))).rejects.toThrow(/line 1: x{119}…$/)
  })

  test('one of which is foreign are refused, whatever the others are', async () => {
    const good = await inFile(`${event()}\n`.repeat(100))
    const foreign = await inFile('a,b,c\n'.repeat(50))
    await expect(readTraffic([good, foreign], locate)).rejects.toThrow(LogError)
  })

  test('that are foreign are refused long before their end', async () => {
    const line = `${'no such log '.repeat(10)}\n`
    const path = await inFile(line.repeat(100_000))
    const refusal = await readTraffic([path], locate).then(
      () => 'read',
      (error: Error) => error.message,
    )
    const [, refused, of] = /(\d+) of (\d+) lines/.exec(refusal) ?? []
    expect(refused).toBe(of)
    expect(Number(of)).toBeLessThan(20_000)
  })

  test('without line ends are one line, of which the beginning is kept', async () => {
    const path = await inFile(Buffer.alloc(longestLine * 64, 'x'))
    await expect(readTraffic([path], locate)).rejects.toThrow('1 of 1 lines are not')
    const long = event({ repository: 'x'.repeat(longestLine * 64) })
    expect(await read(long, event())).toMatchObject({ lines: 2, notUnderstood: 1 })
  })

  const packed = gzipSync(Array.from({ length: 2000 }, (_, n) => event({ timeMs: n })).join('\n'))
  test.for<[string, Uint8Array, string]>([
    [
      'a part of one',
      packed.subarray(0, packed.length - 20),
      'the gzip ends before its end: it is only a part',
    ],
    ['its first bytes alone', packed.subarray(0, 4), 'the gzip ends before its end'],
    [
      'damaged',
      Buffer.concat([packed.subarray(0, 60), Buffer.alloc(400, 7)]),
      'the gzip is damaged',
    ],
    ['none', Buffer.from(event()), 'wanted gzip, as its name says, got something else'],
  ])('that should be gzip and are %s are refused', async ([, content, message]) => {
    await expect(readTraffic([await inFile(content, 'x.gz')], locate)).rejects.toThrow(message)
  })

  test('that are not there, or are folders, are refused by name', async () => {
    await expect(readTraffic(['/nowhere/x.log'], locate)).rejects.toThrow(
      '/nowhere/x.log could not be read: ENOENT',
    )
    await expect(readTraffic([tmpdir()], locate)).rejects.toThrow('EISDIR')
  })
})

describe('what a mirror is asked for', () => {
  const sizes = new Map<Digest, number>([
    [digest(1), 100],
    [digest(2), 1000],
  ])
  const sizeOf = (id: Digest) => sizes.get(id)

  test('is what its own region and those routed to it pulled, each blob once', async () => {
    const traffic = await read(
      event(),
      event({ region: 'us-east-2', sizeBytes: undefined }),
      event({ region: 'us-east-2', reference: digest(2), sizeBytes: undefined }),
      event({ region: 'us-east-2', reference: digest(3) }),
      event({ region: 'eu-west-1' }),
      event({ cloud: undefined }),
    )
    const byMirror = locationsByMirror(traffic, (client) => {
      if (client === undefined) return 'aws/elsewhere'
      return client.region.startsWith('us-') ? 'aws/us-east-1' : undefined
    })
    expect(Object.fromEntries(byMirror)).toEqual({
      'aws/us-east-1': ['aws/us-east-1', 'aws/us-east-2'],
      'aws/elsewhere': ['-'],
      undefined: ['aws/eu-west-1'],
    })
    expect([...demandOf(traffic, byMirror.get('aws/us-east-1')!, sizeOf)]).toEqual([
      {
        digest: digest(1),
        sizeBytes: 100,
        pulled: [
          { location: 'aws/us-east-1', bytes: 100 },
          { location: 'aws/us-east-2', bytes: 100 },
        ],
      },
      { digest: digest(2), sizeBytes: 1000, pulled: [{ location: 'aws/us-east-2', bytes: 1000 }] },
    ])
    expect([...demandOf(traffic, ['gcp/asia-east1'], sizeOf)]).toEqual([])
    expect(bytesPulled(traffic, sizeOf)).toBe(1400)
  })

  test('keeps thousands of blobs apart', async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => event({ reference: digest(n % 1000) }))
    const traffic = await read(...lines)
    const table = traffic.byLocation.get('aws/us-east-1')!
    expect(table.size).toBe(1000)
    expect(table.get(digest(999))).toEqual({ pulls: 3, bytes: 300, unsized: 0 })
    expect(table.get(digest(1000))).toBeUndefined()
  })
})
