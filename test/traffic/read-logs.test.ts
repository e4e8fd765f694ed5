import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { longestLine } from '../../src/traffic/line-splitter.ts'
import { LogError, logFormats, readLog } from '../../src/traffic/read-logs.ts'
import { logWriters } from '../bench/parts/log-lines.ts'
import { createRequests } from '../bench/parts/log-requests.ts'
import { measure } from '../bench/parts/measure.ts'
import { run } from '../e2e/parts/process.ts'
import { locate, readLines, readPieces, sha } from './reading.ts'

const line =
  `52.1.2.3 - - [10/Oct/2025:13:55:36 +0200] "GET /v2/app/blobs/${sha} HTTP/1.1" ` +
  '200 6 "-" "containerd/2.0.4"'

const logProgram = join(import.meta.dirname, '..', 'bench', 'parts', 'log-program.ts')

async function inFile(content: string | Uint8Array, name = 'access.log'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const readFile = (path: string) => readLog(path, { locate }, () => {})

const openFiles = async () => (await readdir('/proc/self/fd')).length

/** The error of a reading that must fail. */
async function failureOf(reading: Promise<unknown>): Promise<LogError> {
  const error = await reading.then(
    () => new Error('it was read'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof LogError)) throw error as Error
  return error
}

/** Lines of every format, mixed, as the bench writes them. */
function linesOfAll(count: number): readonly string[] {
  const draw = createRequests(7)
  const writers = Object.values(logWriters)
  return Array.from({ length: count }, (_, at) => writers[at % writers.length]!(draw()))
}

describe('a log', () => {
  test.for<[string, string | Uint8Array, string]>([
    ['in a plain file', `${line}\n${line}\n`, 'access.log'],
    ['packed by gzip, whatever its name', gzipSync(`${line}\n${line}\n`), 'access.log'],
    [
      'of several gzips one after the other',
      Buffer.concat([gzipSync(`${line}\n`), gzipSync(`${line}\n`)]),
      'access.log.gz',
    ],
    [
      'of a gzip with zeros after it',
      Buffer.concat([gzipSync(`${line}\n${line}\n`), Buffer.alloc(512)]),
      'access.log.gz',
    ],
    ['that ends without a line end', `${line}\n${line}`, 'access.log'],
    ['with the line ends of Windows', `${line}\r\n${line}\r\n`, 'access.log'],
    ['with blank lines', `\n${line}\n\r\n\n${line}\n\n`, 'access.log'],
    ['with a mark of its encoding', `\uFEFF${line}\n${line}`, 'access.log'],
  ])('%s is read', async ([, content, name]) => {
    const path = await inFile(content, name)
    const heard: unknown[] = []
    const read = await readLog(path, { locate }, ({ kind, bytes }) => heard.push([kind, bytes]))
    expect(heard).toEqual([
      ['blob', 6],
      ['blob', 6],
    ])
    expect(read).toEqual({
      lines: 2,
      bytesRead: Buffer.byteLength(content),
      notUnderstood: 0,
      sample: undefined,
      format: 'nginx or Apache combined',
    })
  })

  test('that holds nothing says nothing', async () => {
    const read = { lines: 0, bytesRead: 0, notUnderstood: 0, sample: undefined, format: 'nothing' }
    expect(await readFile(await inFile(''))).toEqual(read)
    expect(await readFile(await inFile('', 'x.gz'))).toEqual(read)
    expect(await readPieces([])).toEqual({ ...read, heard: [] })
  })

  test('comes from a stream of bytes or of texts', async () => {
    const texts = Readable.from([line.slice(0, 50), line.slice(50)])
    expect(await readLog(texts, { locate }, () => {})).toMatchObject({
      lines: 1,
      bytesRead: line.length,
    })
  })

  test.for(['-', '/dev/stdin'])('comes through a pipe by the name %s', async (name) => {
    const path = await inFile(gzipSync(`${line}\n`.repeat(50_000)))
    const script = 'cat "$1" | "$0" "$2" --file "$3"'
    const { stdout } = await run(['sh', '-c', script, process.execPath, path, logProgram, name])
    expect(JSON.parse(stdout)).toMatchObject([{ lines: 50_000, blobs: 50_000, notUnderstood: 0 }])
  })

  test('of a format that is told is read as no other', async () => {
    await expect(readLines([line], 'alb')).rejects.toThrow(
      'standard input is not understood: wanted AWS ALB, and 1 of 1 lines are not; the first is',
    )
    await expect(readLines(['{"event":"sync"}'], 'json')).rejects.toThrow('wanted JSON lines')
    expect(await readLines([line], 'combined')).toMatchObject({ notUnderstood: 0 })
  })

  test('put together from logs of every format is read, each line as what it is', async () => {
    const { lines, notUnderstood, heard, format } = await readLines(linesOfAll(800))
    expect({ lines, notUnderstood, heard: heard.length }).toEqual({
      lines: 800,
      notUnderstood: 0,
      heard: 800,
    })
    expect(format.split(', ').toSorted()).toEqual(logFormats.map(({ title }) => title).toSorted())
  })

  test('gives the same object for the same place, and the line itself is one', async () => {
    const locations = new Set<unknown>()
    const lines = new Set<unknown>()
    const text = `${line}\n${line.replace('52.1.2.3', '52.9.9.9')}\n{"event":"sync"}\n${line}`
    await readLog(Readable.from([text]), { locate }, (heard) => {
      lines.add(heard)
      locations.add(heard.location)
    })
    expect([...locations]).toEqual([{ cloud: 'aws', region: 'eu-west-1' }, undefined])
    expect(lines.size).toBe(1)
  })

  test('passes on what its hearer throws', async () => {
    const path = await inFile(`${line}\n`)
    const reading = readLog(path, { locate }, () => {
      throw new TypeError('enough')
    })
    await expect(reading).rejects.toThrow(TypeError)
  })
})

describe('bytes that come in any pieces', () => {
  const text = [...linesOfAll(40), 'prose', '', line, 'x'.repeat(longestLine + 5), line].join(
    '\r\n',
  )
  const bytes = Buffer.from(text)
  const whole = readPieces([bytes])

  test('are the same log', async () => {
    const expected = await whole
    expect(expected).toMatchObject({ lines: 44, notUnderstood: 2 })
    const places = fc.uniqueArray(fc.nat(bytes.length), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(places, async (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.length]
        const pieces = ends.map((end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end))
        expect(await readPieces(pieces)).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  test('even one by one', async () => {
    expect(await readPieces(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(await whole)
  })

  test('are the same when they are packed', async () => {
    const packed = gzipSync(bytes)
    const pieces = Array.from(packed, (byte) => Uint8Array.of(byte))
    expect(await readPieces(pieces)).toEqual({ ...(await whole), bytesRead: packed.length })
  })
})

test('a line that is changed anywhere throws nothing, and is counted', async () => {
  const samples = linesOfAll(64)
  const change = fc.record({
    which: fc.nat(samples.length - 1),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    less: fc.nat(80),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc
        .constantFrom('"', '\\', ' ', '[', ']', '?', '/', '\t', '{', '=', ':', '%', '-')
        .map((text) => Buffer.from(text)),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      const changed = changes.map(({ which, at, less, put }) => {
        const bytes = Buffer.from(samples[which]!)
        const from = Math.floor(at * bytes.length)
        const all = [bytes.subarray(0, from), put, bytes.subarray(from + less)]
        // It stays one line, which is not blank.
        return Buffer.concat(all).map((byte) => (byte === 10 || byte === 13 ? 32 : byte))
      })
      const good = changed.map(() => Buffer.from(line))
      const all = [...good, ...changed].flatMap((each) => [each, Buffer.from('\n')])
      const { lines, notUnderstood, heard } = await readPieces([Buffer.concat(all)])
      expect(lines).toBe(heard.length + notUnderstood)
      expect(heard.length).toBeGreaterThanOrEqual(changes.length)
      for (const { bytes = 0 } of heard)
        expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true)
    }),
    { numRuns: 500 },
  )
})

describe('what is not understood', () => {
  test('is counted up to a half, with the first line and where it is', async () => {
    const { notUnderstood, lines, sample } = await readLines([
      line,
      '',
      'one GET /a?token=s',
      'two',
      line,
    ])
    expect({ notUnderstood, lines, sample }).toEqual({
      notUnderstood: 2,
      lines: 4,
      sample: 'standard input line 3: one GET /a?…',
    })
  })

  test('is refused above it', async () => {
    const path = await inFile([line, '', 'one', 'two'].join('\n'))
    const { code, message } = await failureOf(readFile(path))
    expect(code).toBe('foreign')
    expect(message).toBe(
      `${path} is not understood: wanted an access log of a known format, and 2 of 3 lines are ` +
        `not; the first is ${path} line 3: one`,
    )
  })

  test.for<[string, string, string]>([
    ['a query', 'GET /x?token=secret HTTP/1.1', 'GET /x?… HTTP/1.1'],
    ['a query that is encoded', 'GET /x%3Ftoken=secret HTTP', 'GET /x?… HTTP'],
    [
      'a field that is a query',
      'GET\tX-Amz-Signature=secret&x=y\t200',
      'GET?X-Amz-Signature=…?200',
    ],
    ['control characters', 'a\u0000b\u001B[31mc\u007Fd\u009Be', 'a?b?[31mc?d?e'],
    ['characters that turn a line around', 'a\u202Eb\u2066c\u2028d\uFEFFe', 'a?b?c?d?e'],
    ['another script', 'ärger 日本', 'ärger 日本'],
    ['a long line', 'x'.repeat(500), `${'x'.repeat(119)}…`],
    ['a long line of signs of two halves', '😀'.repeat(150), '😀'.repeat(100)],
  ])('shows of %s what may be seen', async ([, text, seen]) => {
    const { message } = await failureOf(readLines([text]))
    expect(message).toMatch(/line 1: /)
    expect(message.slice(message.indexOf('line 1: ') + 'line 1: '.length)).toBe(seen)
  })

  test('shows what is no text as question marks', async () => {
    const { message } = await failureOf(readPieces([Uint8Array.of(0x80, 0xff, 0x00, 0x41)]))
    expect(message).toMatch(/line 1: \?\?\?A$/)
  })

  test('is too long where no line ends, and nothing of it is kept', async () => {
    const long = line.replace('/app/', `/${'x'.repeat(longestLine)}/`)
    const { heard, notUnderstood, lines } = await readLines([long, line, long, line])
    expect({ heard: heard.length, notUnderstood, lines }).toEqual({
      heard: 2,
      notUnderstood: 2,
      lines: 4,
    })
  })

  test('is as long as a line may be, and is understood', async () => {
    const longest = line.padEnd(longestLine - 1, ' x')
    const { heard, notUnderstood } = await readLines([longest, `${longest}x`, `${longest}xx`])
    expect({ heard: heard.length, notUnderstood }).toEqual({ heard: 2, notUnderstood: 1 })
    const cut = [Buffer.from(`${longest}x`), Buffer.from(`\n${line}`)]
    expect(await readPieces(cut)).toMatchObject({ lines: 2, notUnderstood: 0 })
  })
})

describe('half a gigabyte', () => {
  const size = 500_000_000

  /** So much of the same piece, and how much of it was taken. */
  function repeat(piece: Buffer) {
    const taken = { bytes: 0 }
    const stream = Readable.from(
      (function* all() {
        for (; taken.bytes < size; taken.bytes += piece.length) yield piece
      })(),
    )
    return { stream, taken }
  }

  const noise = Buffer.alloc(65_536)
  for (let at = 0; at < noise.length; at++) noise[at] = (at * at * 2_654_435_761) >>> 13
  test.for<[string, Buffer]>([
    ['of garbage', noise],
    ['of zeros', Buffer.alloc(65_536)],
    [
      'of lines of an unknown format',
      Buffer.from('2025-10-10 pulled app from 52.1.2.3\n'.repeat(2000)),
    ],
    ['of JSON that is nobody’s', Buffer.from('{"level":7,"text":"pulled"}\n'.repeat(2000))],
  ])('%s is refused after a few megabytes', async ([, piece]) => {
    const { stream, taken } = repeat(piece)
    const { message, code } = await failureOf(readLog(stream, { locate }, () => {}))
    expect(code).toBe('foreign')
    expect(message).toMatch(
      /^standard input is not understood: .* the first is .* line 1: .{1,120}$/,
    )
    expect(taken.bytes).toBeLessThan(10_000_000)
  })
})

describe('a file', () => {
  const packed = gzipSync(Array.from({ length: 20_000 }, (_, n) => `${line} ${n}`).join('\n'))
  test.for<[string, Uint8Array, RegExp]>([
    [
      'that is a part of a gzip',
      packed.subarray(0, packed.length - 20),
      /x\.gz could not be read after line \d{4,}: the gzip ends before its end: it is only a part$/,
    ],
    [
      'that is the first bytes of one',
      packed.subarray(0, 4),
      /x\.gz could not be read: the gzip ends before its end: it is only a part$/,
    ],
    [
      'that is a damaged gzip',
      Buffer.concat([packed.subarray(0, 20_000), Buffer.alloc(400, 7), packed.subarray(20_400)]),
      /x\.gz could not be read after line \d+: the gzip is damaged: /,
    ],
    [
      'of a gzip whose sum is another',
      Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 1)]),
      /x\.gz could not be read after line \d+: the gzip is damaged: incorrect data check$/,
    ],
    [
      'of a gzip with something else after it',
      Buffer.concat([packed, Buffer.from(line)]),
      /x\.gz could not be read after line \d+: the gzip is damaged: incorrect header check$/,
    ],
    [
      'of two gzips, the second cut',
      Buffer.concat([packed, packed.subarray(0, 1000)]),
      /x\.gz could not be read after line \d+: the gzip ends before its end/,
    ],
    [
      'that should be gzip, and is not',
      Buffer.from(line),
      /wanted gzip, as its name says, got something else$/,
    ],
  ])('%s is refused', async ([, content, message]) => {
    const { code, message: said } = await failureOf(readFile(await inFile(content, 'x.gz')))
    expect(code).toBe('unreadable')
    expect(said).toMatch(message)
  })

  test.for<[string, string]>([
    ['28b52ffd0458', 'zstd'],
    ['fd377a585a00', 'xz'],
    ['425a68393141', 'bzip2'],
    ['504b03041400', 'zip'],
    ['fffe35003200', 'UTF-16'],
    ['feff00350032', 'UTF-16'],
  ])('that begins with %s is refused as %s', async ([magic, name]) => {
    const path = await inFile(Buffer.from(magic, 'hex'))
    expect((await failureOf(readFile(path))).message).toBe(
      `${path} could not be read: wanted plain text or gzip, got ${name}`,
    )
  })

  test('that is not there, or is a folder, is refused by name', async () => {
    const { message, cause } = await failureOf(readFile('/nowhere/x.log'))
    expect(message).toMatch(/^\/nowhere\/x\.log could not be read: ENOENT/)
    expect(cause).toMatchObject({ code: 'ENOENT' })
    await expect(readFile(tmpdir())).rejects.toThrow('EISDIR')
  })

  test('that is refused early is closed', async () => {
    const path = await inFile('no such log\n'.repeat(500_000))
    const before = await openFiles()
    for (let time = 0; time < 20; time++) await failureOf(readFile(path))
    await expect.poll(openFiles).toBeLessThanOrEqual(before + 1)
  })

  test('takes under 200 MB of memory, though a third of a gigabyte comes out of it', async () => {
    const block = gzipSync(`${line}\n`.repeat(100_000))
    const path = await inFile(Buffer.concat(Array.from({ length: 20 }, () => block)), 'x.gz')
    const { stdout, exitCode, peakBytes } = await measure(
      [process.execPath, logProgram, '--file', path],
      { log: `${path}.errors`, stop: new AbortController().signal },
    )
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject([{ lines: 2_000_000, blobs: 2_000_000 }])
    expect(peakBytes).toBeGreaterThan(20_000_000)
    expect(peakBytes).toBeLessThan(200_000_000)
  }, 60_000)
})
