import type { Accounting } from './accounting.ts'
import type { Busy } from './busiest.ts'
import type { ClientLocation } from './location.ts'
import type { Mirror } from './mirror.ts'
import type { Prices } from './prices.ts'
import type { Reason } from './reason.ts'
import type { Route } from './route.ts'
import type { TallyRow } from './tally.ts'

/** Requests that went alike, in the period. */
export type TrafficGroup = {
  readonly reason: Reason
  /** `cloud/region` of the clients, or `-` for nowhere known. */
  readonly location: string
  /** The mirror they were sent to, where it was one and not free. */
  readonly mirror: string | undefined
  readonly requests: number
  readonly bytes: number
  /** Bytes of requests whose size nobody knows, reckoned as others are in the mean. */
  readonly estimatedBytes: number
  /** Requests whose size nobody knows. */
  readonly unsized: number
  readonly rows: readonly TallyRow[]
}

/** What missed savings are found in. */
export type MissedSavingsTerms = {
  readonly rows: readonly TallyRow[]
  /** The time they are of. Less than an hour counts as one: a minute's peak is no month. */
  readonly lengthMs: number
  /** Repositories of blobs that no mirror near the client holds, the busiest first. */
  readonly notMirrored: readonly Busy[]
  readonly accounting: Accounting
  readonly prices: Prices
  readonly mirrors: readonly Mirror[]
  readonly overrides: Readonly<Record<string, string>>
  /** Bytes that a new mirror would hold; undefined: no index says so. */
  readonly heldBytes: number | undefined
  /** Whether the configuration has a repository mirrored. */
  readonly isSynced: (repository: string) => boolean
  /** Since when a mirror does not serve, in milliseconds since 1970, of those that do not. */
  readonly unhealthySinceMs: ReadonlyMap<string, number>
  /** The mirrors that clients of a location may be sent to, the best first. */
  readonly route: (client: ClientLocation | undefined) => Route
  /** Writes a time for people: core knows no calendar. */
  readonly timeText: (ms: number) => string
}
