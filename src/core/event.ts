import type { Decision } from './decision.ts'
import type { Reason } from './reason.ts'
import type { RegistryRequest } from './request.ts'

/** The one wide record that a request leaves. It holds no client address. */
export type RequestEvent = {
  readonly event: 'request'
  /** When the request came, in milliseconds since 1970. */
  readonly timeMs: number
  readonly method: string
  readonly kind: RegistryRequest['kind']
  readonly repository?: string
  /** The tag or digest asked for. */
  readonly reference?: string
  /** Where the client is; both absent: nowhere known. */
  readonly cloud?: string
  readonly region?: string
  readonly action: Exclude<Decision['action'], 'ask'>
  readonly reason: Reason
  /** The mirror the client was sent to. */
  readonly mirror?: string
  readonly status: number
  /** The size of the whole blob, where the index knows it. */
  readonly sizeBytes?: number
  /** What the client reads of a blob, where it is known: less than its size where it resumes. */
  readonly bytes?: number
  readonly durationMs: number
  /** What went wrong on our side or the upstream's, if something did. */
  readonly error?: string
}

/** A look for a newer index: what came of it, and each place that did not give what was wanted. */
export type IndexEvent = {
  readonly event: 'index'
  readonly timeMs: number
  readonly outcome: 'loaded' | 'unchanged' | 'missing'
  readonly generation?: number
  readonly blobs?: number
  readonly problems: readonly string[]
}

/**
 * A mirror that no longer holds a blob that it held: nothing that is remembered of it counts any
 * more.
 */
export type MirrorLostEvent = {
  readonly event: 'mirror-lost'
  readonly timeMs: number
  readonly mirror: string
}

/** The service's own coming and going. */
export type LifecycleEvent = {
  readonly event: 'started' | 'draining' | 'stopped'
  readonly timeMs: number
  readonly detail?: string
}

/** Whatever the service leaves on its record: one JSON line each. */
export type ServiceEvent = RequestEvent | IndexEvent | MirrorLostEvent | LifecycleEvent
