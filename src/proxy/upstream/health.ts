/** Which of the addresses that an upstream has several of are well, by what was heard of them. */
export type UpstreamHealth = {
  /** Whether to ask it before others. Of an address that was never heard of: yes. */
  readonly isUp: (registry: string) => boolean
  /** To be told of every answer, and of every want of one. */
  readonly hear: (registry: string, isWell: boolean) => void
  /** Every address that was heard of. */
  readonly all: () => readonly { readonly registry: string; readonly up: boolean }[]
}

export type UpstreamHealthDeps = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Hears of an address that goes down or comes up. */
  readonly changed: (registry: string, up: boolean) => void
}

/** So many failures in a row are no accident. */
const mostFailures = 3
/** After this an address that is down is tried again, where nobody looked meanwhile. */
const downForMs = 10_000

type Heard = { failures: number; downUntilMs: number }

/**
 * Makes a circuit breaker for upstream addresses: one that fails three times in a row is down until it
 * answers again, and tried again every ten seconds.
 */
export function createUpstreamHealth({ now, changed }: UpstreamHealthDeps): UpstreamHealth {
  const heard = new Map<string, Heard>()
  const isUp = ({ failures, downUntilMs }: Heard) => failures < mostFailures || now() >= downUntilMs

  return {
    isUp(registry) {
      const of = heard.get(registry)
      return of === undefined || isUp(of)
    },
    hear(registry, isWell) {
      const of = heard.get(registry) ?? { failures: 0, downUntilMs: 0 }
      heard.set(registry, of)
      const wasDown = of.failures >= mostFailures
      of.failures = isWell ? 0 : of.failures + 1
      const isDown = of.failures >= mostFailures
      if (isDown) of.downUntilMs = now() + downForMs
      if (isDown !== wasDown) changed(registry, !isDown)
    },
    all: () =>
      [...heard].map(([registry, { failures }]) => ({ registry, up: failures < mostFailures })),
  }
}
