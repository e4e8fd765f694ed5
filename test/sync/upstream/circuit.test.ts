import { expect, onTestFinished, test } from 'vitest'
import type { Digest } from '../../../src/core/digest.ts'
import type { Observed } from '../../../src/embedded/observe.ts'
import { observe } from '../../../src/embedded/observe.ts'
import type { CircuitSettings } from '../../../src/sync/upstream/circuit.ts'
import { createCircuit, usualCircuit } from '../../../src/sync/upstream/circuit.ts'
import { createUpstreamClient } from '../../../src/sync/upstream/upstream.ts'
import { createUpstreamDispatcher } from '../../../src/sync/upstream/upstream-dispatcher.ts'
import { patience, serve } from '../world.ts'

const digest = `sha256:${'ab'.repeat(32)}` as Digest

/** A circuit whose pauses are not jittered, and its clock. */
function createWatched(settings: CircuitSettings = usualCircuit) {
  const clock = { ms: 0 }
  const circuit = createCircuit(
    settings,
    () => clock.ms,
    () => 1,
  )
  const fail = (times: number) => {
    for (let each = 0; each < times; each++) circuit.failed('ECONNREFUSED', false)
  }
  return { clock, circuit, fail }
}

test('it opens after so many failures in a row, and one success starts the count anew', () => {
  const { circuit, fail } = createWatched()
  fail(7)
  circuit.succeeded()
  fail(7)
  expect(circuit.obstacle()).toBeUndefined()
  fail(1)
  expect(circuit.obstacle()).toEqual({
    why: '8 failures in a row, last: ECONNREFUSED',
    ms: 1000,
  })
})

test('a refusal is a sign of life', () => {
  const { circuit, fail } = createWatched()
  fail(7)
  circuit.refused('it answered 429')
  fail(7)
  expect(circuit.obstacle()).toBeUndefined()
})

test('one probe goes after pauses that double, and its success lets all go on', () => {
  const { clock, circuit, fail } = createWatched()
  fail(8)
  const pauses: number[] = []
  for (let each = 0; each < 8; each++) {
    const { ms } = circuit.obstacle()!
    pauses.push(ms)
    clock.ms += ms
    expect(circuit.obstacle()).toBeUndefined()
    expect(circuit.enter()).toBe(true)
    expect(circuit.obstacle()!.ms).toBe(Infinity)
    // One that was under way since before says nothing about the probe.
    expect(circuit.failed('ECONNREFUSED', false)).toBe(false)
    expect(circuit.failed('ECONNREFUSED', true)).toBe(true)
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  clock.ms += 60_000
  circuit.enter()
  circuit.succeeded()
  expect(circuit.obstacle()).toBeUndefined()
  expect(circuit.enter()).toBe(false)
})

test('a probe that was aborted lets another be it', () => {
  const { clock, circuit, fail } = createWatched()
  fail(8)
  clock.ms += 1000
  circuit.left(circuit.enter())
  expect(circuit.obstacle()).toBeUndefined()
  expect(circuit.enter()).toBe(true)
})

test('a host that was good for nothing for long is given up', () => {
  const { clock, circuit, fail } = createWatched()
  fail(8)
  clock.ms = 299_999
  circuit.enter()
  circuit.failed('it answered 503', true)
  expect(circuit.givenUp()).toBeUndefined()
  clock.ms = 300_000
  circuit.failed('it answered 503', true)
  expect(circuit.givenUp()).toBe('10 failures in a row, last: it answered 503')
})

test('also one that refuses everything for long', () => {
  const { clock, circuit } = createWatched()
  for (let each = 0; each < 9; each++) {
    expect(circuit.givenUp()).toBeUndefined()
    circuit.refused('it answered 429')
    clock.ms += 40_000
  }
  expect(circuit.givenUp()).toBe('9 failures in a row, last: it answered 429')
})

const quickCircuit: CircuitSettings = {
  failures: 8,
  firstPauseMs: 20,
  longestPauseMs: 40,
  giveUpMs: 300,
}

async function createDown(answer: () => Response | Promise<Response>, giveUpMs?: number) {
  const registry = observe(async () => answer())
  const url = await serve(registry)
  return { registry, ...createAsking(url, giveUpMs) }
}

function createAsking(url: string, giveUpMs = quickCircuit.giveUpMs) {
  const waits: string[] = []
  const dispatcher = createUpstreamDispatcher([{ registry: url }], {
    circuit: { ...quickCircuit, giveUpMs },
    firstPauseMs: 5,
    onWait: (_, why) => void waits.push(why),
  })
  onTestFinished(() => dispatcher.destroy())
  const stop = new AbortController()
  const settings = {
    dispatcher,
    patience: { ...patience, tries: 4, longestPauseMs: 1000, deadlineMs: 60_000 },
    stop: stop.signal,
    now: Date.now,
  }
  const upstream = { registry: url, repositories: '', namespace: '' }
  return { waits, stop, client: createUpstreamClient(upstream, settings) }
}

/** What many workers at once are told. */
async function askAll(client: ReturnType<typeof createAsking>['client'], workers: number) {
  const asking = Array.from({ length: workers }, () => client.headBlob('app', digest))
  const told = await Promise.allSettled(asking)
  return told.map((each) =>
    each.status === 'fulfilled' ? each.value : String(each.reason.message),
  )
}

const probes = (registry: Observed) => registry.requests.length

test('a dead upstream is not hammered by hundreds of workers, and given up in time', async () => {
  const { registry, client, waits } = await createDown(() => new Response('', { status: 503 }))
  const told = await askAll(client, 256)
  const isDown = /^127\.0\.0\.1:\d+ is down: \d+ failures in a row, last: it answered 503$/
  expect(told.filter((each) => isDown.test(`${each}`)).length).toBeGreaterThan(200)
  // What was on its way when it opened, and a probe now and then.
  expect(probes(registry)).toBeLessThan(100)
  expect(waits[0]).toMatch(/failures in a row, last: it answered 503/)
  const before = probes(registry)
  await askAll(client, 10)
  expect(probes(registry)).toBe(before)
})

test('an upstream that comes back is asked on, and every request is answered', async () => {
  let isDown = true
  const answer = () =>
    isDown
      ? new Response('', { status: 502 })
      : new Response('', { headers: { 'content-length': '7' } })
  const { registry, client } = await createDown(answer, 60_000)
  const asking = askAll(client, 100)
  await expect.poll(() => probes(registry)).toBeGreaterThan(33)
  isDown = false
  expect(new Set(await asking)).toEqual(new Set([7]))
})

test('a host that is not there is given up too', async () => {
  const { client } = createAsking('http://127.0.0.1:1')
  const told = await askAll(client, 100)
  expect(told.at(-1)).toMatch(
    /^127\.0\.0\.1:1 is down: \d+ failures in a row, last: .*ECONNREFUSED/,
  )
})

test('a 404 for everything is no reason to stop asking', async () => {
  const { registry, client, waits } = await createDown(() => new Response('', { status: 404 }))
  await askAll(client, 30)
  expect([probes(registry), waits]).toEqual([30, []])
})

test('a stop ends the waiting for a dead upstream', async () => {
  const { client, stop, waits } = await createDown(() => new Response('', { status: 503 }))
  const asking = askAll(client, 50)
  await expect.poll(() => waits.length).toBeGreaterThan(0)
  stop.abort()
  for (const each of await asking) expect(each).toMatch(/^stopped in HEAD|answered 503|is down/)
})
