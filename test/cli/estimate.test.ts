import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { estimate } from '../../src/cli/estimate.ts'
import { main } from '../../src/cli/main.ts'
import { parseConfig } from '../../src/config.ts'
import { imageOf, indexOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createPolicy } from '../../src/runtime/policy.ts'
import { createFoundingLog } from '../bench/parts/founding-log.ts'
import { imageBytes, twelveBusiest } from '../bench/parts/founding-shares.ts'
import { at } from '../core/world.ts'
import { createTerminal } from './terminal.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-estimate-'))
})
afterAll(() => rm(folder, { recursive: true }))

const where = ['--upstream-cloud', 'gcp', '--upstream-region', 'us-central1']

/** Addresses of clients, by where they are. */
const clients = {
  paris: '35.180.1.1',
  oregon: '52.94.76.1',
  google: '34.1.208.1',
  nowhere: '203.0.113.9',
}

type Result = {
  readonly logs: Readonly<Record<string, unknown>>
  readonly manifests: Readonly<Record<string, unknown>> | null
  readonly locations: readonly {
    readonly location: string | null
    readonly pulls: number
    readonly bytes: number
    readonly withoutDollars: string | null
    readonly servedFrom: string
  }[]
  readonly without: Readonly<Record<string, string>>
  readonly withMirrors: Readonly<Record<string, string>>
  readonly savedDollars: string
  readonly mirrors: readonly { readonly id: string; readonly netDollars: string }[]
  readonly notProposed: readonly {
    readonly id: string
    readonly savesDollars: string
    readonly costsDollars: string
  }[]
  readonly doubts: readonly { readonly code: string; readonly text: string }[]
  readonly config: Readonly<Record<string, unknown>>
}

/** Runs one command line with this on standard input. */
async function run(
  args: readonly string[],
  input: Iterable<Uint8Array> = [],
): Promise<{ code: number; out: string; err: string }> {
  const terminal = createTerminal()
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield* input
  }
  const code = await main(['estimate', ...args], { ...terminal, input: pieces() })
  return { code, ...terminal.written }
}

async function result(args: readonly string[], input: Iterable<Uint8Array> = []): Promise<Result> {
  const { code, out, err } = await run([...args, '--json'], input)
  expect([err, code]).toEqual(['', 0])
  return JSON.parse(out) as Result
}

type LineOptions = { day?: number; blob?: string; bytes?: number; status?: number; path?: string }

/** A line of nginx's, of October 2026. */
function lineOf(client: string, options: LineOptions = {}): string {
  const { day = 1, blob = 'a', bytes = 0, status = 200 } = options
  const path = options.path ?? `/v2/app/blobs/sha256:${blob.repeat(64).slice(0, 64)}`
  const date = `${String(day).padStart(2, '0')}/Oct/2026:12:00:00 +0000`
  return `${client} - - [${date}] "GET ${path} HTTP/1.1" ${status} ${bytes} "-" "containerd"\n`
}

/** Pulls of 10 GB in Paris and Oregon over 30 days, and smaller ones elsewhere. */
const usualLog = [
  ...Array.from({ length: 30 }, (_, day) => lineOf(clients.paris, { day: day + 1, bytes: 1e10 })),
  ...Array.from({ length: 60 }, () => lineOf(clients.oregon, { day: 9, bytes: 1e10 })),
  lineOf(clients.google, { day: 2, bytes: 1e9 }),
  ...Array.from({ length: 9 }, () => lineOf(clients.nowhere, { day: 31, blob: 'b', bytes: 2e9 })),
].join('')

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('the case it was born from, thinned out', () => {
  const log = createFoundingLog(60_000)
  const told = ['--sample', String(log.sample), '--stored-gb', String(imageBytes / 1e9)]

  test('twelve mirrors are named, and as much is saved as was published', async () => {
    const { locations, mirrors, savedDollars, doubts, notProposed } = await result(
      [...where, ...told, '-'],
      log.pieces(),
    )
    const ids = mirrors.map(({ id }) => id)
    expect(ids.slice(0, 12).toSorted()).toEqual([...twelveBusiest].toSorted())
    expect(ids.slice(12)).toEqual(['r2/global'])
    // What is saved falls from one to the next, and the last still pays.
    const nets = mirrors.slice(0, 12).map(({ netDollars }) => Number(netDollars))
    expect(nets).toEqual(nets.toSorted((a, b) => b - a))
    expect(nets.at(-1)).toBeGreaterThan(0)

    const toAws = locations
      .filter(({ location }) => location?.startsWith('aws/'))
      .reduce((sum, { withoutDollars }) => sum + Number(withoutDollars), 0)
    expect(toAws).toBeGreaterThan(85_000)
    expect(toAws).toBeLessThan(105_000)
    expect(Number(savedDollars)).toBeGreaterThan(85_000)

    const codes = doubts.map(({ code }) => code)
    expect(codes).toEqual(expect.arrayContaining(['sampled', 'nowhere', 'home']))
    expect(notProposed.length).toBeGreaterThan(0)
  })
})

describe('what is proposed', () => {
  test('is told to people, with what it rests on and the nearport.json', async () => {
    const { code, out } = await run([...where, await fileOf('usual.log', usualLog)])
    expect(code).toBe(0)
    expect(out).toMatch(
      /^100 lines \(.*\) of nginx or Apache combined, from 2026-10-01 12:00 UTC to 2026-10-31 12:00 UTC\n100 pulls of blobs, now from the upstream in gcp\/us-central1;/,
    )
    expect(out).toMatch(
      / {2}aws\/us-west-2 +608 GB +65 % +\$67\.99 +\$0\.000024 +\$67\.99 +aws\/us-west-2\n/,
    )
    expect(out).toMatch(
      / {2}gcp\/africa-south1 +1\.01 GB +0\.11 % +\$0\.10 +\$0\.10 +\$0\.00 +upstream\n/,
    )
    expect(out).toMatch(/ {3}1\. aws\/us-west-2 +\$\d+\.\d\d a month +holds 10\.0 GB\n/)
    expect(out).toMatch(/now \$\d+\.\d\d a month, then \$\d+\.\d\d: \$\d+\.\d\d saved/)
    const config = JSON.parse(out.slice(out.indexOf('replaced\n') + 9)) as unknown
    expect(parseConfig(config, 'it').mirrors.map(({ store }) => store.bucket)).toEqual([
      'images-aws-us-west-2',
      'images-aws-eu-west-3',
      'images-r2-global',
    ])
  })

  test('does what the configuration does: the service sends clients where the estimate says', async () => {
    const log = createFoundingLog(20_000, 7)
    const { locations, config } = await result(
      [...where, '--sample', String(log.sample), '-'],
      log.pieces(),
    )
    expect(config['regions']).toHaveProperty('aws/ap-northeast-2')
    const parsed = parseConfig(config, 'it')
    const { route } = createPolicy(parsed)
    const served = locations.map(({ location }) => {
      const client = location === null ? undefined : at(location)
      const { candidates, configured } = route(client)
      const isHome = !configured && client?.cloud === parsed.upstreams[0]!.cloud
      return isHome ? 'upstream' : (candidates[0]?.mirror.id ?? 'upstream')
    })
    expect(served).toEqual(locations.map(({ servedFrom }) => servedFrom))
  })

  test('is where one wants mirrors, and no more of them than one wants', async () => {
    const path = await fileOf('usual.log', usualLog)
    const ids = async (...args: readonly string[]) =>
      (await result([...where, ...args, path])).mirrors.map(({ id }) => id)
    expect(await ids('--clouds', 'aws', '--mirrors', '1')).toEqual(['aws/us-west-2'])
    expect(await ids('--clouds', 'r2')).toEqual(['r2/global'])
    expect(await ids('--clouds', 'gcp')).toEqual([])
  })

  test('is nothing where nothing pays, and it is said why', async () => {
    const log = lineOf(clients.paris, { bytes: 1000 }) + lineOf(clients.paris, { day: 9, bytes: 9 })
    const { code, out } = await run([...where, '-'], [Buffer.from(log)])
    expect(code).toBe(0)
    expect(out).toContain('no mirror pays: a month costs $0.000')
    expect(out).toMatch(
      / {2}aws\/eu-west-3: does not pay, saves \$0\.0000\d+ a month and costs \$0\.0000/,
    )
    expect(out).not.toContain('nearport.json')
  })

  test('is written to a file, but never over one', async () => {
    const [log, path] = [await fileOf('usual.log', usualLog), join(folder, 'proposed.json')]
    expect((await run([...where, log, '--config-out', path])).code).toBe(0)
    const written = await readFile(path, 'utf8')
    expect(parseConfig(JSON.parse(written), path).elsewhere).toBe('r2/global')

    const again = await run([...where, log, '--config-out', path, '--mirrors', '1'])
    expect([again.code, again.out]).toEqual([2, ''])
    expect(again.err).toContain('there is a file, and it is not overwritten')
    expect(await readFile(path, 'utf8')).toBe(written)
    expect((await run([...where, log, '--config-out', join(folder, 'no/x')])).err).toContain(
      'ENOENT',
    )
  })
})

describe('logs', () => {
  test('may be several, packed or not', async () => {
    const half = usualLog.length / 2
    const cut = usualLog.indexOf('\n', half) + 1
    const one = await fileOf('one.log', usualLog.slice(0, cut))
    const two = await fileOf('two.log.gz', gzipSync(usualLog.slice(cut)))
    const { logs } = await result([...where, one, two])
    expect(logs).toMatchObject({ lines: 100, pulls: 100, formats: ['nginx or Apache combined'] })
    expect(logs['spans']).toHaveLength(1)
  })

  test('of less than a day count as a day, and it is said', async () => {
    const { doubts } = await result(
      [...where, '-'],
      [Buffer.from(lineOf(clients.paris, { bytes: 5 }))],
    )
    expect(doubts.find(({ code }) => code === 'short')?.text).toContain('are counted as a day')
    const days = [1, 3].map((day) => lineOf(clients.paris, { day, bytes: 5 })).join('')
    const { doubts: other } = await result([...where, '-'], [Buffer.from(days)])
    expect(other.find(({ code }) => code === 'no-week')?.text).toContain('2 days, less than a week')
  })

  test('with gaps between them count without these, and it is said', async () => {
    const [first, second] = await Promise.all(
      [1, 20].map((day) =>
        fileOf(
          `day-${day}.log`,
          [day, day + 4].map((each) => lineOf(clients.paris, { day: each, bytes: 1e9 })).join(''),
        ),
      ),
    )
    const { doubts, locations } = await result([...where, first!, second!])
    expect(locations[0]!.bytes).toBe(Math.round((4e9 * 730) / 24 / 8))
    expect(doubts.find(({ code }) => code === 'gaps')?.text).toContain(
      '2 times, 8 days together, stand',
    )
  })

  test('of which some lines are not understood are used, and it is said', async () => {
    const log = `${usualLog}this is no line\u001B[2J\n`
    const { code, out } = await run([...where, '-'], [Buffer.from(log)])
    expect(code).toBe(0)
    expect(out).toMatch(
      /0\.99 % of the lines \(1\) were not understood and are left out; the first is /,
    )
    expect(out).not.toContain('\u001B')

    const worse = `${usualLog}${'this is no line\n'.repeat(20)}`
    const { out: warned } = await run([...where, '-'], [Buffer.from(worse)])
    expect(warned).toContain('All amounts may be too small: 17 % of the lines could not be read.')
  })

  test('that cannot be believed give no total, and exit code 1', async () => {
    const cut = await fileOf('cut.log.gz', gzipSync(usualLog.repeat(20)).subarray(0, 300))
    const garbage = await fileOf('garbage.log', 'no line of any log\n'.repeat(1000))
    for (const path of [cut, garbage, join(folder, 'not-there.log')]) {
      const { code, out, err } = await run([...where, path])
      expect([code, out]).toEqual([1, ''])
      expect(err).toContain(path)
    }
  })

  test('without a pull of a blob give no total', async () => {
    const log = lineOf(clients.paris, { path: '/v2/', bytes: 2 })
    const { code, err } = await run([...where, '-'], [Buffer.from(log)])
    expect(code).toBe(1)
    expect(err).toContain('wanted pulls of blobs in the logs, got none in 1 lines')
  })

  test('are of the time that is told, where it is', async () => {
    const log = [Buffer.from(lineOf(clients.paris, { bytes: 1e10 }))]
    const { doubts, locations } = await result([...where, '--days', '3.0416666666666665', '-'], log)
    expect(locations[0]!.bytes).toBe(1e11)
    expect(doubts.find(({ code }) => code === 'period-told')?.text).toContain(
      'of 3 days is as told',
    )
  })

  test('are not read on when it is asked to stop', async () => {
    const terminal = createTerminal()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield Buffer.from(usualLog)
        terminal.end()
      }
    }
    const stopped = estimate.run([...where, '-'], { ...terminal, input: endless() })
    await expect(stopped).rejects.toThrow('it was stopped')
    expect(terminal.written.out).toBe('')
  })
})

describe('sizes that the logs do not say', () => {
  const amd64 = imageOf({
    architecture: 'amd64',
    files: [{ path: 'app', content: 'a'.repeat(9999) }],
  })
  const image = indexOf([amd64, imageOf({ architecture: 'arm64', files: [] })])
  const layer = amd64.blobs.at(-1)!.descriptor
  const log = [
    lineOf(clients.paris, { status: 307, path: '/v2/team/app/manifests/1.0' }),
    lineOf(clients.paris, { status: 307, path: '/v2/team/gone/manifests/1.0' }),
    lineOf(clients.paris, { status: 307, path: `/v2/team/app/blobs/${layer.digest}` }),
    lineOf(clients.oregon, { status: 307, path: `/v2/team/app/blobs/${layer.digest}` }).repeat(3),
  ].join('')

  async function serveRegistry(): Promise<string> {
    const registry = createRegistry()
    push(registry, 'team/app', image, '1.0')
    const served = await serveEmbedded(registry.fetch)
    onTestFinished(() => served.close())
    return served.url
  }

  test('are asked of the upstream’s manifests, through indexes', async () => {
    const url = await serveRegistry()
    const { logs, manifests, locations, doubts, config } = await result(
      [...where, '--upstream', url, '--days', '30.416666666666668', '-'],
      [Buffer.from(log)],
    )
    expect(logs).toMatchObject({ pulls: 4, pullsWithoutSize: 4, pullsOfUnknownSize: 0 })
    expect(manifests).toMatchObject({ manifests: 4, failed: 1 })
    expect(manifests!['problem']).toMatch(
      /^upstream answered 404 to GET .*team\/gone\/manifests\/1\.0/,
    )
    expect(locations.map(({ location, bytes }) => [location, bytes])).toEqual([
      ['aws/us-west-2', 3 * layer.size],
      ['aws/eu-west-3', layer.size],
    ])
    const codes = doubts.map(({ code }) => code)
    expect(codes).toEqual(expect.arrayContaining(['sizes-of-blobs', 'manifests']))
    expect(config['upstreams']).toEqual([{ registry: url, cloud: 'gcp', region: 'us-central1' }])
  })

  test('are asked of the upstream that the configuration names', async () => {
    const registry = await serveRegistry()
    const upstreams = [{ repositories: 'team', registry, cloud: 'gcp', region: 'us-central1' }]
    const path = await fileOf('nearport.json', JSON.stringify({ upstreams }))
    const { manifests, config } = await result(
      ['--config', path, '--days', '30', '-'],
      [Buffer.from(log)],
    )
    expect(manifests).toMatchObject({ failed: 1 })
    expect(config['upstreams']).toEqual(upstreams)
  })

  test('are the mean of the others where nobody knows them, and it is said', async () => {
    const { code, out } = await run([...where, '-'], [Buffer.from(usualLog + log)])
    expect(code).toBe(0)
    expect(out).toContain(
      'of 3.8 % of the pulls (4) nobody knows the size: each counts as 9.2 GB, the mean of the others; --upstream URL asks its manifests',
    )
    expect(out).not.toContain('a guess')

    const most = Buffer.from(lineOf(clients.paris, { bytes: 1e9 }) + log)
    const guess = await run([...where, '--days', '30', '-'], [most])
    expect(guess.out).toContain(
      'All amounts are a guess: of 80 % of the pulls nobody knows the size.',
    )
  })

  test('are no total where not one is known', async () => {
    const { code, out, err } = await run([...where, '--days', '30', '-'], [Buffer.from(log)])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('--upstream URL asks its manifests')

    const url = await serveRegistry()
    const other = lineOf(clients.paris, { status: 307 })
    const asking = [...where, '--upstream', url, '--days', '30', '-']
    const nothing = await run(asking, [Buffer.from(other)])
    expect([nothing.code, nothing.err]).toEqual([
      1,
      expect.stringContaining('0 manifests name none'),
    ])
    const gone = lineOf(clients.paris, { status: 307, path: '/v2/team/gone/manifests/1.0' })
    const failed = await run(asking, [Buffer.from(other + gone)])
    expect(failed.err).toContain('1 of 1 manifests could not be had: upstream answered 404')
  })
})

describe('prices', () => {
  test('are the configuration’s own where it has some', async () => {
    const file = {
      upstreams: [{ registry: 'https://registry.example', cloud: 'gcp', region: 'us-central1' }],
      prices: { clouds: { gcp: { internet: [{ perGb: '0.05' }] } } },
    }
    const path = await fileOf('cheap.json', JSON.stringify(file))
    const log = await fileOf('usual.log', usualLog)
    const [list, own] = await Promise.all([
      result([...where, log]),
      result(['--config', path, log, '--days', '30']),
    ])
    expect(Number(own.without['totalDollars'])).toBeLessThan(
      Number(list.without['totalDollars']) / 2,
    )
  })

  test('that are not known are in no total, and it is said', async () => {
    const file = {
      upstreams: [{ registry: 'https://registry.example', cloud: 'gcp', region: 'us-central1' }],
      prices: { clouds: { gcp: { internet: [{ to: ['aws/eu-west-3'], perGb: null }] } } },
    }
    const path = await fileOf('unpriced.json', JSON.stringify(file))
    const log = await fileOf('usual.log', usualLog)
    const { code, out } = await run(['--config', path, log])
    expect(code).toBe(0)
    expect(out).toMatch(/aws\/eu-west-3 +304 GB +33 % +\? +\? +\? +upstream/)
    expect(out).toContain(
      'no price is known for what the upstream sends to aws/eu-west-3: they are in no total',
    )
  })
})

test.for<[string, readonly string[], string]>([
  ['no place of the upstream', ['x.log'], 'wants to know where the upstream is'],
  ['half a place', ['--upstream-cloud', 'gcp', 'x.log'], 'wants to know where the upstream is'],
  [
    'a region that is not there',
    ['--upstream-cloud', 'gcp', '--upstream-region', 'us', 'x.log'],
    'and got gcp and us',
  ],
  [
    'an upstream whose bytes have no price',
    ['--upstream-cloud', 'aws', '--upstream-region', 'cn-north-1', 'x.log'],
    'none is known for what aws/cn-north-1 sends',
  ],
  [
    'an upstream that is no address',
    [...where, '--upstream', 'x', 'x.log'],
    'upstreams[0].registry',
  ],
  ['standard input twice', [...where, '-', '-'], 'wants standard input (-) once'],
  ['a sample of nothing', [...where, '--sample', '0'], '--sample wants more than 0 and at most 1'],
  ['a sample of more than all', [...where, '--sample', '2'], 'and got 2'],
  ['days that are no number', [...where, '--days', 'x'], '--days wants more than 0, and got x'],
  ['half a mirror', [...where, '--mirrors', '1.5'], '--mirrors wants a whole number'],
  [
    'a cloud without such stores',
    [...where, '--clouds', 'aws,azure'],
    '--clouds wants some of aws,gcp,r2',
  ],
  [
    'a format that nobody knows',
    [...where, '--format', 'x'],
    '--format wants auto or one of combined',
  ],
  ['a flag that is not there', [...where, '--nope'], '--nope is not a flag here'],
])('%s is a wrong use, and says what was wanted', async ([, args, message]) => {
  const { code, out, err } = await run(args)
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(message)
})

test('a person’s terminal is not read as a log', async () => {
  const terminal = createTerminal()
  const input = Object.assign(terminal.input, { isTTY: true })
  await expect(estimate.run(where, { ...terminal, input })).rejects.toThrow('wants access logs')
})

test('several upstreams in several places want the place told', async () => {
  const upstreams = ['us-east1', 'us-west1'].map((region, at_) => {
    return {
      repositories: `team-${at_}`,
      registry: 'https://registry.example',
      cloud: 'gcp',
      region,
    }
  })
  const path = await fileOf('two.json', JSON.stringify({ upstreams }))
  const { code, err } = await run(['--config', path])
  expect([code, err]).toEqual([2, expect.stringContaining('where the upstream is')])
})
