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

/** No policy has so many; what is above would be a mistake of ours, and must not fill the memory. */
const mostRows = 10_000

/** Creates an empty tally. `upstreams` come longest prefix first. */
export function createTally(upstreams: readonly Upstream[]): Tally {
  const rowsByKey = new Map<string, number>()
  const labels: TallyLabels[] = []
  let requests = new Float64Array(64)
  let bytes = new Float64Array(64)
  let unsized = new Float64Array(64)

  return { record, rows, mark }

  function record(event: RequestEvent): void {
    const row = rowOf(event)
    if (row === undefined) return
    requests[row]! += 1
    if (event.kind !== 'blob' || !isServed(event)) return
    if (event.bytes === undefined) unsized[row]! += 1
    else bytes[row]! += event.bytes
  }

  function rowOf(event: RequestEvent): number | undefined {
    const { kind, method, action, reason, status, cloud = '', region = '', mirror = '' } = event
    const upstream =
      event.repository === undefined ? undefined : upstreamOf(upstreams, event.repository)
    const owner = upstream?.registry ?? ''
    const key = `${kind} ${method} ${action} ${reason} ${status} ${cloud} ${region} ${mirror} ${owner}`
    const known = rowsByKey.get(key)
    if (known !== undefined) return known
    if (labels.length === mostRows) return undefined

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

/** Whether the client was sent to the blob: what was refused or failed reads nothing. */
function isServed({ action, error }: RequestEvent): boolean {
  return error === undefined && (action === 'mirror' || action === 'upstream' || action === 'size')
}

function doubled(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(column.length * 2)
  grown.set(column)
  return grown
}
