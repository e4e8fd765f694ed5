import type { RequestEvent } from './event.ts'
import type { Upstream } from './upstream.ts'
import { upstreamOf } from './upstream.ts'

/** What requests are told apart by. All of it is from closed lists, so that there are few kinds. */
export type TallyLabels = Pick<RequestEvent, 'kind' | 'method' | 'action' | 'reason' | 'status'> & {
  /** Where the client is; empty: nowhere known. */
  readonly cloud: string
  readonly region: string
  /** The mirror it was sent to, or empty. */
  readonly mirror: string
  /** The upstream that owns what it asked for, by its registry's address; empty: none does. */
  readonly upstream: string
}

/** What was asked for and answered alike. */
export type TallyRow = TallyLabels & TallyCounts

export type TallyCounts = {
  readonly requests: number
  /** What clients read of blobs, as far as it is known. */
  readonly bytes: number
  /** Requests for blobs of which nobody knows how much was read. */
  readonly unsized: number
}

/**
 * Counts requests and the bytes that clients read. Recording adds to three columns and keeps
 * nothing of the request; it grows with the kinds of request that there are, never with traffic.
 */
export type Tally = {
  readonly record: (event: RequestEvent) => void
  /** What was counted from a mark to another; rows in which nothing was are left out. */
  readonly rows: (from?: TallyMark, to?: TallyMark) => readonly TallyRow[]
  /** Remembers where the counts stand. */
  readonly mark: () => TallyMark
}

/** Counts as they stood, by row; rows that came later stood at nothing. */
export type TallyMark = Readonly<Record<keyof TallyCounts, Float64Array>>

/**
 * How many values each label may have, in the order of a row's key. They multiply to less than 2⁵³,
 * so that a key is one exact number. No policy comes near: the clouds have some 170 regions.
 */
const widths = {
  kind: 8,
  method: 4,
  action: 8,
  reason: 32,
  status: 64,
  cloud: 8,
  region: 1024,
  mirror: 1024,
  upstream: 256,
} as const
/** What is counted together where there are more. */
const other = 'other'

/** Creates an empty tally. `upstreams` are those of now, longest prefix first. */
export function createTally(upstreams: () => readonly Upstream[]): Tally {
  const rowsByKey = new Map<number, number>()
  const code = createCodes()
  const labels: TallyLabels[] = []
  let requests = new Float64Array(64)
  let bytes = new Float64Array(64)
  let unsized = new Float64Array(64)

  return { record, rows, mark }

  function record(event: RequestEvent): void {
    const row = rowOf(event)
    requests[row]! += 1
    if (event.kind !== 'blob' || !isServed(event)) return
    if (event.bytes === undefined) unsized[row]! += 1
    else bytes[row]! += event.bytes
  }

  function rowOf(event: RequestEvent): number {
    const upstream =
      event.repository === undefined ? undefined : upstreamOf(upstreams(), event.repository)
    const { kind, method, action, reason, status, cloud = '', mirror = '' } = event
    const region = code.region.nameOf(event.region ?? '')
    const owner = code.upstream.nameOf(event.upstream ?? upstream?.registry ?? '')
    // A number for each label, and all of them in one: a text of them all takes three times as long.
    let key = code.kind.of(kind)
    key = key * widths.method + code.method.of(method)
    key = key * widths.action + code.action.of(action)
    key = key * widths.reason + code.reason.of(reason)
    key = key * widths.status + code.status.of(status)
    key = key * widths.cloud + code.cloud.of(cloud)
    key = key * widths.region + code.region.of(region)
    key = key * widths.mirror + code.mirror.of(mirror)
    key = key * widths.upstream + code.upstream.of(owner)
    const known = rowsByKey.get(key)
    if (known !== undefined) return known

    const row = labels.length
    rowsByKey.set(key, row)
    labels.push({ kind, method, action, reason, status, cloud, region, mirror, upstream: owner })
    if (row === requests.length) {
      requests = doubled(requests)
      bytes = doubled(bytes)
      unsized = doubled(unsized)
    }
    return row
  }

  function rows(from?: TallyMark, to: TallyMark = now()): readonly TallyRow[] {
    const between = (column: keyof TallyMark, row: number) =>
      (to[column][row] ?? 0) - (from?.[column][row] ?? 0)
    return labels.flatMap((label, row) => {
      const count = between('requests', row)
      if (count === 0) return []
      const [read, unknown] = [between('bytes', row), between('unsized', row)]
      return [{ ...label, requests: count, bytes: read, unsized: unknown }]
    })
  }

  function now(): TallyMark {
    return { requests, bytes, unsized }
  }

  function mark(): TallyMark {
    const rowCount = labels.length
    return {
      requests: requests.slice(0, rowCount),
      bytes: bytes.slice(0, rowCount),
      unsized: unsized.slice(0, rowCount),
    }
  }
}

/** Small numbers for the values of each label, as they come. */
function createCodes() {
  const { kind, method, action, reason, status, cloud, region, mirror, upstream } = widths
  return {
    kind: createCode(kind),
    method: createCode(method),
    action: createCode(action),
    reason: createCode(reason),
    status: createCode(status),
    cloud: createCode(cloud),
    region: createCode(region),
    mirror: createCode(mirror),
    upstream: createCode(upstream),
  }
}

function createCode(width: number) {
  const codes = new Map<string | number, number>()
  return {
    /** The value itself, or what it is counted as where there is no room for another. */
    nameOf: (value: string) => (codes.has(value) || codes.size < width - 1 ? value : other),
    of(value: string | number): number {
      const known = codes.get(value)
      if (known !== undefined) return known
      const made = codes.size
      codes.set(value, made)
      return made
    },
  }
}

/** Whether the client was sent to the blob: what was refused or failed reads nothing. */
function isServed({ action, status, error }: RequestEvent): boolean {
  if (error !== undefined || status >= 400) return false
  return action === 'mirror' || action === 'upstream' || action === 'size'
}

function doubled(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(column.length * 2)
  grown.set(column)
  return grown
}
