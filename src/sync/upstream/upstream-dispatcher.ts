import { Agent, Pool } from 'undici/index.js'
import type { Dispatcher } from 'undici'
import type { UpstreamLimits } from '../../config.ts'
import type { CircuitSettings } from './circuit.ts'
import { usualCircuit } from './circuit.ts'
import type { TokenBucket } from './rate-limit.ts'
import { createTokenBucket } from './rate-limit.ts'
import { isPassingFailure, parseRetryAfterMs, usualPatience } from './retry-policy.ts'
import { goLater } from './upstream-later.ts'
import type { GateSettings, HostGate, Outcome, Pass } from './upstream-gate.ts'
import { createHostGate } from './upstream-gate.ts'
import { paceBody } from './upstream-pace.ts'
import type { TripOptions } from './upstream-trip.ts'
import { tripOf } from './upstream-trip.ts'

/** What a run is to hold to with each upstream. All but the first have usual values. */
export type UpstreamDispatcherSettings = Partial<GateSettings> & {
  readonly circuit?: CircuitSettings
}

type LimitedUpstream = { readonly registry: string; readonly limits?: UpstreamLimits | undefined }

/** Connections to a host that is no upstream's own: where upstreams redirect to. */
const usualConnections = 32

/**
 * The connections of one run, shared by all who ask upstreams: at most so many for each host, and
 * every host behind a gate of its own. Where several upstreams are at one host, the strictest of
 * their limits counts. `destroy` ends all of them.
 */
export function createUpstreamDispatcher(
  upstreams: readonly LimitedUpstream[],
  settings: UpstreamDispatcherSettings = {},
): Dispatcher {
  const gateSettings: GateSettings = {
    circuit: usualCircuit,
    firstPauseMs: usualPatience.firstPauseMs,
    longestPauseMs: usualPatience.longestPauseMs,
    now: Date.now,
    random: Math.random,
    onWait: () => {},
    ...settings,
  }
  const { now } = gateSettings
  const limitsOf = (origin: string) =>
    upstreams.flatMap(({ registry, limits }) =>
      limits !== undefined && new URL(registry).origin === origin ? [limits] : [],
    )
  const connectionsOf = (origin: string) =>
    least(limitsOf(origin).map((each) => each.connections)) ?? usualConnections
  const agent = new Agent({
    connect: { timeout: 10_000 },
    headersTimeout: 30_000,
    bodyTimeout: 60_000,
    factory(origin, options) {
      const connections = connectionsOf(new URL(origin).origin)
      return new Pool(origin, { ...(options as Pool.Options), connections })
    },
  })

  const gates = new Map<string, HostGate>()
  const buckets = new Map<string, TokenBucket | undefined>()
  return agent.compose((dispatch) => (options, handler) => {
    const { signal } = options as TripOptions
    const trip = tripOf(options)
    const url = new URL(options.origin!)
    const bytes = trip === undefined ? undefined : bucketOf(trip.upstream)
    const go = (pass: Pass) =>
      dispatch(options, watch(bytes === undefined ? handler : pace(bytes), pass, signal))
    const pace = (bucket: TokenBucket) =>
      paceBody(
        handler,
        bucket,
        () => trip?.deadline.pause(),
        () => trip?.deadline.resume(),
      )

    const entered = gateOf(url).enter(trip?.isToken === true, signal)
    if (!(entered instanceof Promise)) return go(entered)
    goLater(entered, trip, go, handler)
    return true
  })

  function gateOf({ origin, host }: URL): HostGate {
    const known = gates.get(origin)
    if (known !== undefined) return known
    const requestsPerSecond = least(limitsOf(origin).map((each) => each.requestsPerSecond))
    const gate = createHostGate(
      host,
      { requestsPerSecond, connections: connectionsOf(origin) },
      gateSettings,
    )
    gates.set(origin, gate)
    return gate
  }

  function bucketOf(origin: string): TokenBucket | undefined {
    if (!buckets.has(origin)) {
      const perSecond = least(limitsOf(origin).map((each) => each.bytesPerSecond))
      // A quarter of a second's bytes at once: what is read in one go is 64 KiB.
      const create = (rate: number) => createTokenBucket({ perSecond: rate, burst: rate / 4, now })
      buckets.set(origin, perSecond === undefined ? undefined : create(perSecond))
    }
    return buckets.get(origin)
  }
}

function least(values: readonly (number | undefined)[]): number | undefined {
  const given = values.filter((each) => each !== undefined)
  return given.length === 0 ? undefined : Math.min(...given)
}

/** Tells the gate how it went, with the headers, and when the connection is free again. */
function watch(
  handler: Dispatcher.DispatchHandler,
  pass: Pass,
  signal: AbortSignal | undefined,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart(controller, status, headers, message) {
      if (status >= 200) pass.leave(outcomeOf(status, headers['retry-after']?.toString()))
      handler.onResponseStart?.(controller, status, headers, message)
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd(controller, trailers) {
      pass.end()
      handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError(controller, error) {
      pass.leave(failureOf(error, signal))
      pass.end()
      handler.onResponseError?.(controller, error)
    },
  }
}

function outcomeOf(status: number, retryAfter: string | undefined): Outcome {
  const retryAfterMs = parseRetryAfterMs(retryAfter)
  if (status === 429) return { kind: 'refused', why: 'it answered 429', retryAfterMs }
  const isDown = [408, 500, 502, 503, 504].includes(status)
  return isDown ? { kind: 'failed', why: `it answered ${status}`, retryAfterMs } : answered
}

function failureOf(error: unknown, signal: AbortSignal | undefined): Outcome {
  const { name, code, message } = error as Error & { readonly code?: unknown }
  const isLate = name === 'TimeoutError'
  if (signal?.aborted === true && !isLate) return { kind: 'aborted' }
  // A certificate that nobody trusts is no better a minute later, and is said at once.
  if (!isLate && !isPassingFailure(error)) return answered
  const why = isLate ? 'no answer in time' : message || String(code)
  return { kind: 'failed', why, retryAfterMs: undefined }
}

const answered: Outcome = { kind: 'answered' }
