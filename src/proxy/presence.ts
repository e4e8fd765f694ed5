import type { Holding, Presence } from '../core/policy.ts'
import type { Digest } from '../core/digest.ts'
import type { Mirror } from '../core/mirror.ts'

/**
 * How it is known what the mirrors hold: from the index, by asking the mirrors, or because the
 * configuration says so.
 */
export type PresenceSource = {
  /** What is known now; undefined while nothing is. */
  readonly current: () => Presence | undefined
  /**
   * Learns whether a mirror holds a blob. Never fails: a mirror that does not say so counts as
   * `failed`.
   */
  readonly ask: (mirror: Mirror, digest: Digest) => Promise<LearntHolding>
}

export type LearntHolding = Exclude<Holding, 'unknown'>

/** Every mirror is a whole replica: no index, no question. */
export const assumedPresence: PresenceSource = {
  current: () => everything,
  ask: () => Promise.resolve('present'),
}

const everything: Presence = { holds: () => 'present', sizeBytes: () => undefined }
