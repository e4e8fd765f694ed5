import type { CircuitSettings } from './circuit.ts'
import { createCircuit } from './circuit.ts'
import { createTokenBucket } from './rate-limit.ts'
import { UpstreamError } from './upstream-error.ts'

/** How a request that was let through went. */
export type Outcome =
  /** The host is there: whatever it said, waiting would not change it. */
  | { readonly kind: 'answered' }
  /** It wants no requests for now: 429. */
  | { readonly kind: 'refused'; readonly why: string; readonly retryAfterMs: number | undefined }
  /** No answer, or one that says that it is down; a 503 may say for how long. */
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs: number | undefined }
  /** Nothing is known: it was aborted here. */
  | { readonly kind: 'aborted' }

/** What was let through says once how it went, and once that its connection is free. */
export type Pass = {
  readonly leave: (outcome: Outcome) => void
  readonly end: () => void
}

/** Where requests to one host wait for their turn. */
export type HostGate = {
  /**
   * Lets a request through, at once where nothing is in its way. `isFree`: it does not count for
   * requests a second. Rejects with UpstreamError `unavailable`, or with the reason of the signal.
   */
  readonly enter: (isFree: boolean, signal: AbortSignal | undefined) => Pass | Promise<Pass>
}

export type GateSettings = {
  readonly circuit: CircuitSettings
  /** The pause after a 429 that does not say how long; it doubles with each in a row. */
  readonly firstPauseMs: number
  /** A host that wants a longer pause than this is not waited for. */
  readonly longestPauseMs: number
  readonly now: () => number
  readonly random: () => number
  /** Hears that requests to a host wait, why, and for how many milliseconds from now. */
  readonly onWait: (host: string, why: string, ms: number) => void
}

export type GateLimits = {
  readonly requestsPerSecond: number | undefined
  /** As many requests and bodies at once. */
  readonly connections: number
}

type Obstacle = { readonly why: string; readonly ms: number }

type Waiting = {
  readonly resolve: (pass: Pass) => void
  readonly reject: (error: unknown) => void
}

/**
 * Creates the gate of one host: requests a second, its Retry-After, and its circuit. A 429 halves
 * how many requests may be under way at once, and each that is answered widens that a little: as
 * congestion is met in networks. A pause alone would send all that wait at the same moment when it
 * is over, into the next 429; a rate of our own to halve is not there where none is configured.
 */
export function createHostGate(
  host: string,
  { requestsPerSecond, connections }: GateLimits,
  settings: GateSettings,
): HostGate {
  const { now, random, onWait, longestPauseMs } = settings
  const circuit = createCircuit(settings.circuit, now, random)
  const bucket =
    requestsPerSecond === undefined
      ? undefined
      : createTokenBucket({
          perSecond: requestsPerSecond,
          burst: Math.max(1, requestsPerSecond),
          now,
        })
  // Tokens go first: what waits behind them cannot go without.
  const free = new Set<Waiting>()
  const counted = new Set<Waiting>()
  let connected = 0
  // Of them, those that have no answer yet, and how many these may be.
  let underWay = 0
  let window = connections
  let paused = { untilMs: 0, why: '', wishedMs: 0 }
  let refusalsInARow = 0
  let timer: NodeJS.Timeout | undefined
  let toldMs = -Infinity

  return {
    enter(isFree, signal) {
      const error = refusal()
      if (error !== undefined) return Promise.reject(error)
      if (free.size + counted.size === 0 && obstacle(isFree) === undefined) return admit(isFree)
      return waitFor(isFree ? free : counted, signal)
    },
  }

  function waitFor(queue: Set<Waiting>, signal: AbortSignal | undefined): Promise<Pass> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        queue.delete(waiting)
        reject(signal!.reason as Error)
        pump()
      }
      const end = () => signal?.removeEventListener('abort', onAbort)
      const waiting: Waiting = {
        resolve: (pass) => (end(), resolve(pass)),
        reject: (error) => (end(), reject(error)),
      }
      if (signal?.aborted === true) return reject(signal.reason as Error)
      signal?.addEventListener('abort', onAbort, { once: true })
      queue.add(waiting)
      pump()
    })
  }

  function pump(): void {
    clearTimeout(timer)
    const error = refusal()
    for (const queue of [free, counted]) {
      for (const waiting of queue) {
        if (error !== undefined) {
          queue.delete(waiting)
          waiting.reject(error)
          continue
        }
        const inTheWay = obstacle(queue === free)
        if (inTheWay !== undefined) {
          // What has no time to end ends with an answer, and then this is called again.
          if (inTheWay.ms !== Infinity) timer = setTimeout(pump, inTheWay.ms)
          return
        }
        queue.delete(waiting)
        waiting.resolve(admit(queue === free))
      }
    }
  }

  /** Why no request to this host is of use any more. */
  function refusal(): UpstreamError | undefined {
    const givenUp = circuit.givenUp()
    if (givenUp !== undefined)
      return new UpstreamError('unavailable', `${host} is down: ${givenUp}`)
    const leftMs = paused.untilMs - now()
    if (leftMs <= 0 || paused.wishedMs <= longestPauseMs) return undefined
    const seconds = Math.ceil(leftMs / 1000)
    return new UpstreamError('unavailable', `${host} wants ${seconds} s without requests`)
  }

  function obstacle(isFree: boolean): Obstacle | undefined {
    const pausedMs = paused.untilMs - now()
    if (pausedMs > 0) return { why: paused.why, ms: pausedMs }
    const broken = circuit.obstacle()
    if (broken !== undefined) return broken
    const isFull = connected >= connections || underWay >= window
    if (isFull) return { why: 'connections', ms: Infinity }
    const ms = isFree ? 0 : (bucket?.waitMs(1) ?? 0)
    if (ms === 0) return undefined
    tellSlow(ms)
    return { why: 'requestsPerSecond', ms }
  }

  /** A limit is in the way all the time: said once a second, where it is felt. */
  function tellSlow(ms: number): void {
    if (now() - toldMs < 1000) return
    toldMs = now()
    onWait(host, 'requestsPerSecond', ms)
  }

  function admit(isFree: boolean): Pass {
    if (!isFree) bucket?.spend(1)
    connected++
    underWay++
    const isProbe = circuit.enter()
    const startMs = now()
    let hasLeft = false
    let hasEnded = false
    return {
      leave(outcome) {
        if (hasLeft) return
        hasLeft = true
        underWay--
        settle(outcome, isProbe, startMs)
        pumpIfAny()
      },
      end() {
        if (hasEnded) return
        hasEnded = true
        connected--
        pumpIfAny()
      },
    }
  }

  function pumpIfAny(): void {
    if (free.size + counted.size > 0) pump()
  }

  function settle(outcome: Outcome, isProbe: boolean, startMs: number): void {
    if (outcome.kind === 'aborted') return circuit.left(isProbe)
    if (outcome.kind === 'answered') {
      circuit.succeeded()
      refusalsInARow = 0
      window = Math.min(connections, window + 1 / window)
      return
    }
    const { why, retryAfterMs } = outcome
    if (outcome.kind === 'refused') {
      circuit.refused(why)
      return refuse(why, retryAfterMs, startMs)
    }
    if (retryAfterMs !== undefined) pauseFor(retryAfterMs, 'Retry-After')
    if (!circuit.failed(why, isProbe)) return
    // All that waits would fall at once upon a host that comes back.
    window = 1
    const broken = circuit.obstacle()
    if (broken !== undefined) onWait(host, broken.why, broken.ms)
  }

  function refuse(why: string, retryAfterMs: number | undefined, startMs: number): void {
    // Those that were under way together are refused together, and that is one refusal.
    if (startMs >= paused.untilMs) {
      window = Math.max(1, Math.floor((underWay + 1) / 2))
      refusalsInARow++
      if (retryAfterMs === undefined) {
        const doubled = settings.firstPauseMs * 2 ** (refusalsInARow - 1)
        pauseFor(Math.min(doubled, longestPauseMs) * (0.5 + random() / 2), why)
      }
    }
    if (retryAfterMs !== undefined) pauseFor(retryAfterMs, 'Retry-After')
  }

  function pauseFor(ms: number, why: string): void {
    const untilMs = now() + ms
    if (untilMs <= paused.untilMs) return
    paused = { untilMs, why, wishedMs: ms }
    onWait(host, why, ms)
  }
}
