import type { Dispatcher } from 'undici'
import { Agent } from 'undici/index.js'
import type { Config } from '../config.ts'
import type { SyncEvent } from '../core/sync-event.ts'
import type { Upstream } from '../core/upstream.ts'
import type { AnonymousDeps } from './publish/anonymous.ts'
import type { Environment } from './bucket/bucket-client.ts'
import type { CircuitSettings } from './upstream/circuit.ts'
import type { Recorder } from './recorder.ts'
import { createRecorder } from './recorder.ts'
import type { Patience } from './upstream/retry-policy.ts'
import { usualPatience } from './upstream/retry-policy.ts'
import type { RunIdentity } from './bucket/run-lease.ts'
import { createRunIdentity } from './bucket/run-lease.ts'
import type { UpstreamClient } from './upstream/upstream.ts'
import { createUpstreamClient } from './upstream/upstream.ts'
import { createUpstreamDispatcher } from './upstream/upstream-dispatcher.ts'

/** The world as a run needs it. */
export type SyncDeps = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly record: (event: SyncEvent) => void
  /** Where the credentials are. */
  readonly env: Environment
  readonly stop: AbortSignal
  /**
   * What upstreams and canaries are asked through; default: an Agent that lives as long as the run.
   */
  readonly dispatcher?: Dispatcher
  /** How often and how long what fails is tried again. */
  readonly patience?: Patience
  /** When an upstream that fails is left alone, and for how long. */
  readonly circuit?: CircuitSettings
}

/** What the parts of one run share. */
export type Session = {
  readonly config: Config
  readonly deps: SyncDeps
  readonly recorder: Recorder
  readonly clientOf: (upstream: Upstream) => UpstreamClient
  readonly settings: AnonymousDeps & { readonly now: () => number }
  /** Who this run is, for other runs to see. */
  readonly run: RunIdentity
  readonly startMs: number
  /** Requests that upstreams were sent so far, by host: every try, and those for tokens. */
  readonly requests: () => Readonly<Record<string, number>>
  /** Ends what the session opened. */
  readonly close: () => Promise<void>
}

/** Opens the session of one run. */
export function openSession(config: Config, deps: SyncDeps): Session {
  const { now, stop, env, patience = usualPatience } = deps
  const recorder = createRecorder(deps)
  // Mirrors are tried as clients are served: behind no limit, and behind no circuit that would wait.
  const dispatcher = deps.dispatcher ?? createAgent()
  const limited =
    deps.dispatcher ??
    createUpstreamDispatcher(config.upstreams, {
      firstPauseMs: patience.firstPauseMs,
      longestPauseMs: patience.longestPauseMs,
      onWait: (host, why, ms) => recorder.step({ step: 'waiting', host, why, ms }),
      ...(deps.circuit === undefined ? {} : { circuit: deps.circuit }),
    })
  const asking = { dispatcher: limited, patience, stop, now, env }
  const clients = new Map<Upstream, UpstreamClient>(
    config.upstreams.map((each) => [each, createUpstreamClient(each, asking)]),
  )
  return {
    config,
    deps,
    recorder,
    clientOf: (upstream) => clients.get(upstream)!,
    settings: { dispatcher, patience, stop, now },
    run: createRunIdentity(),
    startMs: now(),
    requests: () => countRequests(clients),
    async close() {
      if (deps.dispatcher !== undefined) return
      await Promise.all([dispatcher.destroy(), limited.destroy()])
    },
  }
}

function countRequests(clients: ReadonlyMap<Upstream, UpstreamClient>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [{ registry }, client] of clients) {
    const { host } = new URL(registry)
    counts[host] = (counts[host] ?? 0) + client.requests()
  }
  return counts
}

function createAgent(): Agent {
  return new Agent({ connect: { timeout: 10_000 }, headersTimeout: 30_000, bodyTimeout: 60_000 })
}
