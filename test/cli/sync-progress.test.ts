import { onTestFinished, expect, test, vi } from 'vitest'
import { createSyncProgress } from '../../src/cli/sync-progress.ts'
import type { Digest } from '../../src/core/digest.ts'
import type { SyncStep } from '../../src/core/sync-event.ts'
import { createScreenDouble } from './sync-screen.ts'

/** A run that is watched on a terminal of so many columns, and whose time is the test's. */
function watch(columns = 120) {
  vi.useFakeTimers({ now: 1_000_000 })
  const screen = createScreenDouble(columns)
  const terminal = { err: screen.write, interactive: true, columns: screen.columns }
  const progress = createSyncProgress(terminal)
  onTestFinished(() => {
    progress.end()
    vi.useRealTimers()
  })
  const step = (what: SyncStep) => progress.record({ event: 'sync', timeMs: Date.now(), ...what })
  const pass = (ms: number) => vi.advanceTimersByTime(ms)
  return { ...progress, screen, step, pass }
}

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}` as Digest

const planned = {
  step: 'planned',
  wantedBlobs: 12,
  wantedBytes: 30e9,
  upstreamReads: 10,
  upstreamBytes: 10e9,
  writes: 20,
  writtenBytes: 20e9,
} as const

const written = (letter: string, sizeBytes: number, durationMs: number, from = 'upstream') =>
  ({
    step: 'written',
    how: from === 'upstream' ? 'uploaded' : 'copied',
    mirror: from === 'upstream' ? 'aws/us-east-1' : 'aws/eu-west-1',
    digest: digestOf(letter),
    sizeBytes,
    from,
    durationMs,
  }) as const

test('says what is found while repositories are walked, and what the ledger knew', () => {
  const { step, pass, screen } = watch()
  step({ step: 'selected', repositories: 3 })
  step({
    step: 'walked',
    repository: 'a',
    tags: 2,
    manifests: 7,
    known: 5,
    blobs: 4,
    bytes: 4e6,
  })
  pass(100)
  expect(screen.rows()).toEqual([
    'found    1 of 3 repositories, 7 manifests (5 known), 4 blobs, 4.0 MB',
  ])
})

test('says what is written and read, at which rate of late, and the largest on their way', () => {
  const { step, pass, screen } = watch()
  step(planned)
  for (const [at, letter] of 'abcde'.split('').entries()) {
    step({ step: 'reading', digest: digestOf(letter), sizeBytes: (at + 1) * 1e9 })
  }
  pass(10_000)
  step({ step: 'progress', digest: digestOf('d'), bytes: 1.5e9 })
  step(written('a', 1e9, 10_000))
  step(written('a', 1e9, 0, 'aws/us-east-1'))
  pass(100)
  expect(screen.rows()).toEqual([
    'found    0 repositories, 0 manifests, 12 blobs, 30 GB',
    'written  2 of 20, 2.0 GB of 20 GB, 198 MB/s, reading 248 MB/s, 1 min 31 s left',
    'reading  eeeeeeeeeeee 5.0 GB for 10 s, dddddddddddd 1.5 GB of 4.0 GB, cccccccccccc 3.0 GB for 10 s, 1 more',
  ])
})

test('what comes at once is not named as on its way', () => {
  const { step, pass, screen } = watch()
  step(planned)
  step({ step: 'reading', digest: digestOf('a'), sizeBytes: 9 })
  pass(900)
  expect(screen.rows().length).toBe(2)
  pass(1100)
  expect(screen.rows()[2]).toBe('reading  aaaaaaaaaaaa 9 B for 1 s')
})

test('a rate is that of late: what stalls is not said to go on, and no time is guessed', () => {
  const { step, pass, screen } = watch()
  step(planned)
  step(written('a', 1e9, 0))
  pass(2000)
  expect(screen.rows()[1]).toBe('written  1 of 20, 1.0 GB of 20 GB, 909 MB/s, reading 0 B/s')
  pass(4000)
  expect(screen.rows()[1]).toMatch(/ left$/)
  pass(14_000)
  expect(screen.rows().slice(1)).toEqual([
    'written  1 of 20, 1.0 GB of 20 GB, 0 B/s, reading 0 B/s',
    'waiting  nothing has come for 19 s',
  ])
})

test('says whom it waits for and for how long, and counts down while nothing happens', () => {
  const { step, pass, screen } = watch()
  step({ step: 'waiting', host: 'registry.example', why: 'Retry-After', ms: 30_000 })
  step({ step: 'waiting', host: 'other.example', why: 'rate limit', ms: 2000 })
  pass(100)
  const both =
    'waiting  registry.example: Retry-After, 30 s more; other.example: rate limit, 2 s more'
  expect(screen.rows()[1]).toBe(both)
  pass(5000)
  expect(screen.rows()[1]).toBe('waiting  registry.example: Retry-After, 25 s more')
})

test('problems stay above the lines that are redrawn, and both are there', () => {
  const { step, pass, screen, end } = watch()
  step(planned)
  step({ step: 'reading', digest: digestOf('a'), sizeBytes: 9 })
  pass(100)
  step({ step: 'problem', subject: `app@${digestOf('a')}`, message: 'went\u001B[2J wrong' })
  step({ step: 'problem', subject: 'lib', message: 'too' })
  step({ step: 'retried', mirror: 'aws/us-east-1', digest: digestOf('b'), why: 'SlowDown' })
  pass(100)
  const problems = [`app@${digestOf('a')}: went?[2J wrong`, 'lib: too']
  expect(screen.rows()).toEqual([
    ...problems,
    'found    0 repositories, 0 manifests, 12 blobs, 30 GB',
    'written  0 of 20, 0 B of 20 GB, 0 B/s, reading 0 B/s',
    'problems 2, 1 tried again',
  ])
  step({ step: 'problem', subject: 'last', message: 'one' })
  end()
  expect(screen.rows()).toEqual([...problems, 'last: one'])
})

test('is written to ten times a second at most, however much happens', () => {
  const { step, pass, screen } = watch()
  for (let at = 0; at < 1000; at++) {
    step({ step: 'problem', subject: `blob ${at}`, message: 'gone' })
    pass(1)
  }
  // Problems and lines are one write each.
  expect(screen.writes()).toBeLessThanOrEqual(22)
  expect(screen.rows().filter((row) => row.endsWith(': gone')).length).toBeGreaterThan(900)
})

test('is still drawn while nothing happens, and not after its end', () => {
  const { step, pass, screen, end } = watch()
  step(planned)
  const before = screen.writes()
  pass(10_000)
  expect(screen.writes() - before).toBe(10)
  end()
  expect([vi.getTimerCount(), screen.rows()]).toEqual([0, []])
})

test.for([10, 20, 33, 80])('in %d columns no line goes on in the next row', (columns) => {
  const { step, pass, screen } = watch(columns)
  step(planned)
  for (const letter of 'abcd') step({ step: 'reading', digest: digestOf(letter), sizeBytes: 9 })
  step({ step: 'waiting', host: '登録簿.example', why: '待って'.repeat(30), ms: 9000 })
  for (let at = 0; at < 30; at++) pass(100)
  expect(screen.rows().map((row) => row.slice(0, 8).trim())).toEqual([
    'found',
    'written',
    'reading',
    'waiting',
  ])
  for (const row of screen.rows()) {
    expect(row.length).toBeLessThan(columns)
    expect(row).toMatch(/^[ -~]*$/)
  }
})

test('a window that is made narrower leaves nothing of the lines that were there', () => {
  const { step, pass, screen } = watch(120)
  step({ step: 'problem', subject: 'app', message: 'stays' })
  step(planned)
  pass(1000)
  screen.resize(30)
  pass(1000)
  expect(screen.rows()).toEqual([
    'app: stays',
    'found    0 repositories, 0 ma',
    'written  0 of 20, 0 B of 20 G',
    'problems 1',
  ])
})

test('where all is written it says what is left to do', () => {
  const { step, pass, screen } = watch()
  step({ ...planned, writes: 1, writtenBytes: 5 })
  step(written('a', 5, 1))
  pass(100)
  expect(screen.rows()[1]).toBe('written  1 of 1, 5 B of 5 B; the mirrors are checked')
  step({ ...planned, writes: 0, writtenBytes: 0 })
  pass(100)
  expect(screen.rows()[1]).toBe('written  nothing to write; the mirrors are checked')
})

test('elsewhere than on a terminal each step is a line of JSON', () => {
  const lines: string[] = []
  const { record, say, end } = createSyncProgress(
    { err: (text) => void lines.push(text), interactive: false },
    () => 7,
  )
  record({ event: 'sync', timeMs: 5, step: 'selected', repositories: 3 })
  say('metrics were not pushed')
  end()
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { event: 'sync', timeMs: 5, step: 'selected', repositories: 3 },
    { event: 'note', timeMs: 7, message: 'metrics were not pushed' },
  ])
})
