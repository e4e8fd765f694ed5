import type { Accounting } from './accounting.ts'
import type { Failover } from './policy.ts'
import type { RequestEvent } from './event.ts'
import type { Nanodollars, Price } from './money.ts'
import type { TallyRow } from './tally.ts'
import type { Upstream } from './upstream.ts'
import { upstreamOf } from './upstream.ts'

/** What it costs that mirrors are out, and whether it may cost more. */
export type FailoverCosts = Pick<Failover, 'mayGoOn'> & {
  /** To be told of every request that went on from a mirror that is out. */
  readonly record: (event: RequestEvent) => void
  /** What was spent since the start above what the mirror that is out would have cost, by its id. */
  readonly spent: () => ReadonlyMap<string, Nanodollars>
}

export type FailoverTerms = {
  readonly accounting: Accounting
  /** Longest prefix first. */
  readonly upstreams: readonly Upstream[]
  /** What all failing over may cost in an hour; undefined: what it costs. */
  readonly mostAnHour: Nanodollars | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const minuteMs = 60_000
const minutesAnHour = 60

/**
 * Creates the count of what failing over costs, in minutes of which the last 60 are the hour. Blobs
 * of unknown size, and ways without a price, cost nothing here: nobody can say what they do.
 */
export function createFailoverCosts(terms: FailoverTerms): FailoverCosts {
  const { accounting, upstreams, mostAnHour, now } = terms
  const byMirror = new Map<string, Nanodollars>()
  const minutes: { readonly minute: number; spent: Nanodollars }[] = []
  let inHour: Nanodollars = 0n

  return {
    mayGoOn(client, from, to) {
      if (mostAnHour === undefined || hourNow() < mostAnHour) return true
      const { cloud = '', region = '' } = client ?? {}
      const upstream = to.action === 'upstream' ? to.upstream.registry : ''
      const labels = { ...unknownLabels, action: to.action, upstream, cloud, region }
      const before = accounting.mirrorPrice(labels, from)
      const after =
        to.action === 'mirror'
          ? accounting.mirrorPrice(labels, to.mirror)
          : accounting.upstreamPrice(labels)
      return before === undefined || after === undefined || !isMore(after, before)
    },
    record(event) {
      const { insteadOf, repository = '', action, mirror = '', bytes } = event
      if (insteadOf === undefined || bytes === undefined) return
      const upstream = event.upstream ?? upstreamOf(upstreams, repository)?.registry ?? ''
      const { cloud = '', region = '' } = event
      const row: TallyRow = {
        ...unknownLabels,
        action,
        mirror,
        upstream,
        cloud,
        region,
        bytes,
        requests: 1,
        unsized: 0,
      }
      const went = accounting.moneyOf(row)
      const wanted = accounting.moneyOf({ ...row, action: 'mirror', mirror: insteadOf })
      if (went === undefined || wanted === undefined || went.spent <= wanted.spent) return
      add(insteadOf, went.spent - wanted.spent)
    },
    spent: () => byMirror,
  }

  function add(mirror: string, amount: Nanodollars): void {
    byMirror.set(mirror, (byMirror.get(mirror) ?? 0n) + amount)
    inHour = hourNow() + amount
    const minute = Math.floor(now() / minuteMs)
    const last = minutes.at(-1)
    if (last?.minute === minute) last.spent += amount
    else minutes.push({ minute, spent: amount })
  }

  function hourNow(): Nanodollars {
    const oldest = Math.floor(now() / minuteMs) - minutesAnHour
    while (minutes[0] !== undefined && minutes[0].minute <= oldest) inHour -= minutes.shift()!.spent
    return inHour
  }
}

/** Of what rows are told apart by, prices go by places alone. */
const unknownLabels = {
  kind: 'blob',
  method: 'GET',
  reason: 'unhealthy',
  status: 307,
  mirror: '',
} as const

function isMore(a: Price, b: Price): boolean {
  return a.nanodollars * b.per > b.nanodollars * a.per
}
