import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { decideRanges } from '../../src/ranges/decide.ts'
import type { RangesKeeper, RangesKeeperDeps } from '../../src/ranges/keeper.ts'
import { createRangesKeeper } from '../../src/ranges/keeper.ts'
import { mergeTables } from '../../src/ranges/newest.ts'
import { awsDocument, bytesOf, gcpDocument, tableOf, usualRows } from './fresh-documents.ts'

const url = 'https://ranges.example/aws.json?key=secret'
const from = 'https://ranges.example/aws.json'
const first = 1_760_000_000
const hourMs = 3_600_000
const newRegion = [...usualRows, ['10.32.2.0/24', 'mx-central-1'] as const]

type World = {
  readonly keeper: RangesKeeper
  readonly asked: Headers[]
  readonly saved: Uint8Array[]
  answer: () => Response | Promise<Response>
  nowMs: number
}

function createWorld(given: Partial<RangesKeeperDeps> = {}): World {
  const world: Omit<World, 'keeper'> = {
    asked: [],
    saved: [],
    answer: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('refused') })),
    nowMs: 1_780_000_000_000,
  }
  const keeper = createRangesKeeper({
    bundled: tableOf(first),
    sources: { aws: url, gcp: null },
    refreshMs: 24 * hourMs,
    firstLookMs: 60_000,
    limits: { mostShrunk: 0.2, mostMoved: 0.05, mostGrown: 0.5, mostOfRegion: 0.5 },
    async fetch(_, init) {
      world.asked.push(new Headers(init?.headers))
      return world.answer()
    },
    load: () => Promise.resolve(undefined),
    async save(table) {
      world.saved.push(table)
    },
    decide: (task) => decideRanges(task, crc32),
    merge: async (one, other) => mergeTables(one, other, crc32),
    crc32,
    now: () => world.nowMs,
    random: () => 0.5,
    ...given,
  })
  return Object.assign(world, { keeper })
}

/** Lets the time come at which the address is asked next, and makes the look. */
function lookNext(world: World): ReturnType<RangesKeeper['refreshDue']> {
  world.nowMs += nextAskMs(world)
  return world.keeper.refreshDue()
}

/** How long until the address is asked. */
function nextAskMs({ keeper, nowMs }: World): number {
  return keeper.states()[0]!.nextLookMs! - nowMs
}

const give =
  (document: object, headers: Record<string, string> = {}) =>
  () =>
    new Response(bytesOf(document), { headers })

test('before a look is due nobody is asked', async () => {
  const world = createWorld()
  expect(await world.keeper.refreshDue()).toEqual([])
  expect(world.asked).toEqual([])
  expect(world.keeper.nextDueMs()).toBe(world.nowMs + 60_000)
})

test('a newer document is in use at once, is saved, and is not asked for again', async () => {
  const world = createWorld()
  const { table } = world.keeper
  expect(table.locate('10.32.2.1')).toBeUndefined()
  world.answer = give(awsDocument(first + 1, newRegion), { ETag: '"2"' })
  const [event, ...others] = await lookNext(world)
  expect(others).toEqual([])
  expect(event).toMatchObject({
    event: 'ranges',
    outcome: 'updated',
    cloud: 'aws',
    from,
    version: String(first + 1),
    change: { gained: { ipv4: 256 } },
    regions: [{ region: 'aws/mx-central-1' }],
    problems: [],
  })
  expect(table.locate('10.32.2.1')).toEqual({ cloud: 'aws', region: 'mx-central-1' })
  expect(table.locations).toContainEqual({ cloud: 'aws', region: 'mx-central-1' })
  expect(table.isEc2('10.32.1.1')).toBe(true)

  world.answer = () => new Response(null, { status: 304 })
  expect(await lookNext(world)).toMatchObject([{ outcome: 'unchanged', version: `${first + 1}` }])
  expect(world.asked.map((headers) => headers.get('if-none-match'))).toEqual([null, '"2"'])

  // The ETag is in what was saved.
  const restarted = createWorld({ load: () => Promise.resolve(world.saved[0]) })
  expect(await restarted.keeper.restore()).toMatchObject([
    { outcome: 'updated', cloud: 'aws', version: `${first + 1}` },
  ])
  expect(restarted.keeper.table.locate('10.32.2.1')?.region).toBe('mx-central-1')
  restarted.answer = world.answer
  await lookNext(restarted)
  expect(restarted.asked[0]!.get('if-none-match')).toBe('"2"')
})

test('the same document as the shipped one is no news, and its ETag is remembered', async () => {
  const world = createWorld()
  world.answer = give(awsDocument(first), { ETag: '"1"' })
  expect(await lookNext(world)).toMatchObject([{ outcome: 'unchanged', version: `${first}` }])
  await lookNext(world)
  expect(world.asked[1]!.get('if-none-match')).toBe('"1"')
  expect(world.saved).toEqual([])
})

test('a refused document changes nothing, and is told', async () => {
  const world = createWorld()
  world.answer = give(awsDocument(first + 1, usualRows.slice(0, 3)), { ETag: '"bad"' })
  const [event] = await lookNext(world)
  expect(event).toMatchObject({ outcome: 'refused', version: `${first + 1}` })
  expect(event!.problems.join()).toContain('wanted all known regions, got none of aws/ap-east-1')
  expect(world.saved).toEqual([])
  expect(world.keeper.table.sources[0]!.version).toBe(String(first))
  expect(world.keeper.states()[0]).toMatchObject({
    cloud: 'aws',
    version: String(first),
    outcome: 'refused',
    refused: true,
    problems: event!.problems,
  })
  // It is judged anew: it may be right by then.
  world.answer = give(awsDocument(first + 2, newRegion))
  expect(await lookNext(world)).toMatchObject([{ outcome: 'updated' }])
  expect(world.asked[1]!.get('if-none-match')).toBeNull()
  expect(world.keeper.states()[0]).toMatchObject({ refused: false, from })
})

test('a page that is no document is refused by its first words', async () => {
  const world = createWorld()
  world.answer = () => new Response('<html>maintenance</html>')
  const [event] = await lookNext(world)
  expect(event).toMatchObject({ outcome: 'refused', cloud: 'aws', from })
  expect(event).not.toHaveProperty('change')
  expect(event!.problems[0]).toMatch(/^wanted JSON, got 24 bytes of "<html>maintenance/)
})

test('after failures it is asked again after longer and longer times', async () => {
  const world = createWorld()
  const waits: number[] = []
  for (let look = 0; look < 9; look++) {
    world.nowMs += 25 * hourMs
    const [event] = await world.keeper.refreshDue()
    expect(event).toMatchObject({ outcome: 'failed', problems: ['fetch failed: refused'] })
    expect(JSON.stringify(event)).not.toContain('secret')
    waits.push(nextAskMs(world))
  }
  expect(waits.map((ms) => ms / hourMs)).toEqual([0.25, 0.5, 1, 2, 4, 8, 16, 24, 24])
  expect(world.keeper.states()[0]).toMatchObject({ outcome: 'failed', refused: undefined })

  world.nowMs += 25 * hourMs
  world.answer = give(awsDocument(first))
  await world.keeper.refreshDue()
  expect(nextAskMs(world)).toBe(24 * hourMs)
})

test.for<[number, number]>([
  [0, 0.9],
  [0.999_999, 1.1],
])('looks are a little apart: with the chance %d after %d of a day', async ([chance, days]) => {
  const world = createWorld({ random: () => chance })
  world.answer = give(awsDocument(first))
  await lookNext(world)
  expect(nextAskMs(world) / (24 * hourMs)).toBeCloseTo(days, 4)
})

test('while a look is under way there is no other, and one that was cut off is not the last', async () => {
  const world = createWorld()
  let release: ((answer: Response) => void) | undefined
  world.answer = () => new Promise((resolve) => (release = resolve))
  world.nowMs += 60_000
  const looking = world.keeper.refreshDue()
  await new Promise(setImmediate)
  expect(await world.keeper.refreshDue()).toEqual([])
  expect(world.asked).toHaveLength(1)

  // Its request was ended by the platform: nothing will ever come of it.
  world.nowMs += hourMs
  world.answer = give(awsDocument(first + 1, newRegion))
  expect(await world.keeper.refreshDue()).toMatchObject([{ outcome: 'updated' }])
  release!(new Response(bytesOf(awsDocument(first))))
  expect(await looking).toMatchObject([{ outcome: 'refused' }])
  expect(world.keeper.table.sources[0]!.version).toBe(String(first + 1))
})

test('a copy that cannot be saved is in use all the same', async () => {
  const world = createWorld({ save: () => Promise.reject(new Error('the disk is full')) })
  world.answer = give(awsDocument(first + 1, newRegion))
  expect(await lookNext(world)).toMatchObject([
    { outcome: 'updated', problems: ['it is in use, and could not be kept: the disk is full'] },
  ])
  expect(world.keeper.table.locate('10.32.2.1')?.region).toBe('mx-central-1')
})

test('a work that fails is a failure of the look', async () => {
  const world = createWorld({ decide: () => Promise.reject(new Error('out of memory')) })
  world.answer = give(awsDocument(first + 1))
  expect(await lookNext(world)).toMatchObject([{ outcome: 'failed', problems: ['out of memory'] }])
})

test.for<[string, () => Uint8Array]>([
  [
    'one byte of it is another',
    () => tableOf(first + 1).map((byte, at) => (at === 99 ? ~byte : byte)),
  ],
  ['it is cut in half', () => tableOf(first + 1).subarray(0, 200)],
  ['it is empty', () => new Uint8Array()],
])('a kept copy is refused by name where %s', async ([, kept]) => {
  const world = createWorld({ load: () => Promise.resolve(kept()) })
  const [event] = await world.keeper.restore()
  expect(event).toMatchObject({ outcome: 'failed' })
  expect(event).not.toHaveProperty('cloud')
  expect(event!.problems[0]).toMatch(/^the kept copy: not a table of address ranges: wanted /)
  expect(world.keeper.table.sources[0]!.version).toBe(String(first))
})

test('what another process kept is seen within an hour, though no address is asked', async () => {
  let kept: Uint8Array | undefined
  const world = createWorld({ sources: {}, load: () => Promise.resolve(kept) })
  expect(await world.keeper.restore()).toEqual([])
  kept = tableOf(first + 5, { rows: newRegion })
  expect(world.keeper.nextDueMs()).toBe(world.nowMs + hourMs)
  world.nowMs += hourMs
  expect(await world.keeper.refreshDue()).toMatchObject([{ cloud: 'aws', version: `${first + 5}` }])
  expect(world.keeper.nextDueMs()).toBe(world.nowMs + hourMs)
  expect(await world.keeper.restore()).toEqual([])
})

test('an older kept copy is left, and of each cloud the newest document is taken', async () => {
  const older = createWorld({ load: () => Promise.resolve(tableOf(first - 1)) })
  expect(await older.keeper.restore()).toEqual([])

  const kept = tableOf(first - 1, { gcpVersion: 1_700_000_000_009 })
  const mixed = createWorld({ load: () => Promise.resolve(kept) })
  expect(await mixed.keeper.restore()).toMatchObject([{ cloud: 'gcp', version: '1700000000009' }])
  expect(mixed.keeper.table.sources.map(({ version }) => version)).toEqual([
    String(first),
    '1700000000009',
    '420',
  ])
})

test('with no time between looks none is ever due', () => {
  const world = createWorld({ refreshMs: 0 })
  expect(world.keeper.nextDueMs()).toBeUndefined()
  expect(world.keeper.states().map(({ cloud, outcome }) => [cloud, outcome])).toEqual([
    ['aws', undefined],
    ['gcp', undefined],
    ['azure', undefined],
  ])
})

test('clouds are asked one after another, and what fails of one does not stop the next', async () => {
  const order: string[] = []
  const world = createWorld({
    sources: { aws: url, gcp: 'https://ranges.example/gcp.json' },
    async fetch(input) {
      order.push(input as string)
      if (order.length === 1) throw new Error('no route')
      return new Response(bytesOf(gcpDocument(1_700_000_000_009)))
    },
  })
  world.nowMs += 60_000
  expect(await world.keeper.refreshDue()).toMatchObject([
    { cloud: 'aws', outcome: 'failed' },
    { cloud: 'gcp', outcome: 'updated' },
  ])
  expect(order).toEqual([url, 'https://ranges.example/gcp.json'])
})
