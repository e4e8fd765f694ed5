import type { Failover, Presence } from '../../core/policy.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { PresenceSource } from '../presence.ts'

/** A source that can be told which mirrors are out. */
export type WatchedPresence = PresenceSource & {
  readonly setOut: (mirrors: ReadonlySet<Mirror>) => void
}

/**
 * Gives what a source knows, less the mirrors that are out: of what one of them may hold it says
 * `failed`, so that the policy goes on to the next. While none is out it gives the source's own.
 */
export function createWatchedPresence(
  source: PresenceSource,
  mayGoOn: Failover['mayGoOn'],
): WatchedPresence {
  let out: ReadonlySet<Mirror> | undefined
  let known: Presence | undefined
  let given: Presence | undefined

  return {
    current() {
      const now = source.current()
      if (out === undefined || now === undefined) return now
      if (now !== known || given === undefined) {
        known = now
        given = without(out, now, mayGoOn)
      }
      return given
    },
    ask(mirror, digest) {
      return out?.has(mirror) === true ? Promise.resolve('failed') : source.ask(mirror, digest)
    },
    setOut(mirrors) {
      out = mirrors.size === 0 ? undefined : mirrors
      given = undefined
    },
  }
}

function without(
  out: ReadonlySet<Mirror>,
  known: Presence,
  mayGoOn: Failover['mayGoOn'],
): Presence {
  return {
    ...known,
    holds(mirror, digest) {
      const holding = known.holds(mirror, digest)
      // What it does not hold it could not have served either.
      return holding !== 'absent' && out.has(mirror) ? 'failed' : holding
    },
    failover: { isOut: (mirror) => out.has(mirror), mayGoOn },
  }
}
