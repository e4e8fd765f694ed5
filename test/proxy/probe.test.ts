import { LRUCache } from 'lru-cache'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { RequestEvent } from '../../src/core/event.ts'
import { createApp } from '../../src/proxy/app.ts'
import type { PresenceSource } from '../../src/proxy/presence.ts'
import { assumedPresence } from '../../src/proxy/presence.ts'
import type { Probe, ProbeAnswer } from '../../src/proxy/probe.ts'
import { createProbe } from '../../src/proxy/probe.ts'
import { createSingleFlight } from '../../src/runtime/single-flight.ts'
import { at, blobDigest, mirrorOf, worldPolicy } from '../core/world.ts'

const path = `/v2/images/app/blobs/${blobDigest}`
const other = `/v2/images/app/blobs/sha256:${'e'.repeat(64)}`
const near = new URL(mirrorOf('aws/eu-west-1').publicUrl).host
const far = new URL(mirrorOf('aws/us-east-1').publicUrl).host

/** What each mirror's host answers to a HEAD, and who was asked. */
let answers: Record<string, () => Response | Promise<Response>>
let asked: string[]
let clockMs: number

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  answers = {}
  asked = []
  clockMs = 0
})
afterEach(() => {
  vi.useRealTimers()
})

test('a mirror that has the blob is where the client goes', async () => {
  answers[near] = present
  expect(await pull(probe())).toBe('aws/eu-west-1 in-region')
  expect(asked).toEqual([near])
})

test.for([403, 404])('%s means that it is not there, and the next is asked', async (status) => {
  answers[near] = () => new Response(null, { status })
  answers[far] = present
  expect(await pull(probe())).toBe('aws/us-east-1 nearest')
})

test.for([301, 500, 503])('%s means nothing, so it counts as a failure', async (status) => {
  answers[near] = () => new Response(null, { status })
  answers[far] = () => new Response(null, { status: 404 })
  expect(await pull(probe())).toBe('upstream unhealthy')
})

test('a mirror that refuses the connection does not break a pull', async () => {
  expect(await pull(probe())).toBe('upstream unhealthy')
})

test('yes is remembered for long, no for less', async () => {
  const source = probe()
  answers[near] = present
  await pull(source)
  vi.advanceTimersByTime(9_999)
  await pull(source)
  expect(asked).toEqual([near])

  vi.advanceTimersByTime(2)
  answers[near] = absent
  answers[far] = absent
  expect(await pull(source)).toBe('upstream not-mirrored')
  vi.advanceTimersByTime(999)
  expect(await pull(source)).toBe('upstream not-mirrored')
  expect(asked).toEqual([near, near, far])
  vi.advanceTimersByTime(2)
  answers[near] = present
  expect(await pull(source)).toBe('aws/eu-west-1 in-region')
})

test('requests that come at once share one question', async () => {
  let settle: (response: Response) => void = () => {}
  answers[near] = () => new Promise((resolve) => (settle = resolve))
  const source = probe()
  const pulls = [pull(source), pull(source), pull(source)]
  settle(present())
  expect(await Promise.all(pulls)).toEqual(Array(3).fill('aws/eu-west-1 in-region'))
  expect(asked).toEqual([near])
})

test('once the time is over nobody is asked any more', async () => {
  answers[near] = () => {
    clockMs += 1000
    throw new Error('timed out')
  }
  answers[far] = present
  expect(await pull(probe())).toBe('upstream unhealthy')
  expect(asked).toEqual([near])
})

test('a memory too small for what a request learns does not make it ask for ever', async () => {
  answers[near] = absent
  answers[far] = absent
  expect(await pull(probe({ max: 1 }))).toBe('upstream not-mirrored')
  expect(asked).toEqual([near, far])
})

test('a HEAD is answered with the size that the mirror told', async () => {
  answers[near] = present
  const response = await send(probe(), 'HEAD')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-length')).toBe('42')
})

test.for<[string, () => Response]>([
  ['was emptied', absent],
  [
    'is down',
    () => {
      throw new Error('refused')
    },
  ],
])(
  'a mirror that %s behind our back is found out, and all that it said forgotten',
  async ([, answer]) => {
    const source = probe()
    answers[near] = present
    await pull(source)
    await pull(source, other)
    expect(await source.recheck()).toEqual([])
    expect(await pull(source)).toBe('aws/eu-west-1 in-region')

    answers[near] = answer
    answers[far] = present
    expect(await source.recheck()).toEqual(['aws/eu-west-1'])
    expect(await pull(source)).toBe('aws/us-east-1 nearest')
    expect(await pull(source, other)).toBe('aws/us-east-1 nearest')
    expect(await source.recheck()).toEqual([])
  },
)

test('the size that a mirror told is forgotten with its word', async () => {
  const source = probe()
  answers[near] = present
  await pull(source)
  answers[near] = absent
  answers[far] = absent
  await source.recheck()
  expect((await send(source, 'HEAD')).status).toBe(307)
})

test('a mirror that hangs takes no more than the time that is left', async () => {
  vi.useRealTimers()
  answers[near] = () => new Promise(() => {})
  const startMs = performance.now()
  expect(await pull(probe(), path, 100)).toBe('upstream unhealthy')
  expect(performance.now() - startMs).toBeLessThan(1000)
})

test('made-up digests do not make us the mirror’s flood', async () => {
  const settle: (() => void)[] = []
  answers[near] = () => new Promise((resolve) => settle.push(() => resolve(present())))
  answers[far] = absent
  const source = probe({ atOnce: 2 })
  const hexes = ['1', '2', '3'].map((each) => each.repeat(64))
  const pulls = hexes.map((hex) => pull(source, `/v2/images/app/blobs/sha256:${hex}`))
  expect(await pulls[2]).toBe('upstream unhealthy')
  expect(asked.filter((host) => host === near)).toHaveLength(2)
  for (const each of settle) each()
  expect(await Promise.all(pulls.slice(0, 2))).toEqual(Array(2).fill('aws/eu-west-1 in-region'))
})

test('assumed mirrors are asked nothing', async () => {
  expect(await pull(assumedPresence)).toBe('aws/eu-west-1 in-region')
  expect(asked).toEqual([])
})

function present(): Response {
  return new Response(null, { headers: { 'content-length': '42' } })
}
function absent(): Response {
  return new Response(null, { status: 404 })
}

function probe({ max = 100, atOnce = 100 } = {}): Probe {
  return createProbe({
    fetch: async (input) => {
      const { host } = new URL(input)
      asked.push(host)
      const answer = answers[host]
      if (answer === undefined) throw new TypeError('fetch failed')
      return answer()
    },
    remembered: new LRUCache<string, ProbeAnswer>({
      max,
      ttlResolution: 0,
      perf: { now: Date.now },
    }),
    coalesce: createSingleFlight(),
    timeoutMs: 1000,
    atOnce,
    presentForMs: 10_000,
    absentForMs: 1000,
    failedForMs: 100,
  })
}

async function pull(source: PresenceSource, target = path, askForMs = 1000): Promise<string> {
  const events: RequestEvent[] = []
  await send(source, 'GET', events, target, askForMs)
  const { action, mirror, reason } = events[0]!
  return `${mirror ?? action} ${reason}`
}

async function send(
  source: PresenceSource,
  method: string,
  events: RequestEvent[] = [],
  target = path,
  askForMs = 1000,
): Promise<Response> {
  const policy = worldPolicy({ ids: ['aws/us-east-1', 'aws/eu-west-1'] })
  const app = createApp({
    policyOf: () => policy,
    locate: () => at('aws/eu-west-1'),
    presence: source,
    askForMs,
    relay: () => Promise.reject(new Error('not asked for')),
    record: (event) => events.push(event),
    now: Date.now,
    elapsedMs: () => clockMs,
  })
  return app.fetch(new Request(`http://registry.example${target}`, { method }), {})
}
