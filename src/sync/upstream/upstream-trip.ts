import type { Dispatcher } from 'undici'
import type { Deadline } from '../deadline.ts'

/** What the interceptors on a request's way know of it, beside what undici hands on. */
export type Trip = {
  /** It stands still while the request waits for its turn. */
  readonly deadline: Deadline
  /** The origin of the registry that was asked first, whose bytes these are: also after a redirect. */
  readonly upstream: string
  /** It asks for a token, and does not count for requests a second. */
  readonly isToken: boolean
  /** The Authorization it goes with; undefined: none. Each try asks anew, as tokens do not last. */
  readonly authorize: (() => string | undefined | Promise<string | undefined>) | undefined
  /** Hears of each request that left the machine. */
  readonly onSent: (() => void) | undefined
}

/** What undici's request is called with: it hands everything on. */
export type TripOptions = Dispatcher.DispatchOptions & {
  readonly signal?: AbortSignal
  readonly trip?: Trip
}

/** The trip a dispatch belongs to; what is no request to an upstream has none. */
export function tripOf(options: Dispatcher.DispatchOptions): Trip | undefined {
  return (options as TripOptions).trip
}
