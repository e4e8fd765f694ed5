import type { Registry } from '@prometheus-io/client'
import { Counter } from '@prometheus-io/client'
import type { Accounting } from '../core/accounting.ts'
import type { Nanodollars } from '../core/money.ts'
import type { TallyRow } from '../core/tally.ts'

/** Labels that say which way bytes went, and to whom. */
const wayLabels = ['action', 'reason', 'mirror', 'cloud', 'region'] as const
const placeLabels = ['mirror', 'cloud', 'region'] as const

/**
 * Adds the counters of requests, bytes and dollars. They are filled at each scrape from what was
 * counted anyway: a request costs nothing here.
 */
export function addTrafficMetrics(
  registers: Registry[],
  rows: () => readonly TallyRow[],
  accounting: Accounting,
): void {
  const requests = new Counter({
    name: 'nearport_requests_total',
    help: 'Requests by what was asked, what was answered and why, and where the client is.',
    labelNames: ['kind', 'method', 'status', ...wayLabels],
    registers,
    collect: fill,
  })
  const bytes = new Counter({
    name: 'nearport_blob_bytes_total',
    help: 'Bytes of blobs that clients were sent to read, as far as their sizes are known.',
    labelNames: wayLabels,
    registers,
  })
  const unsized = new Counter({
    name: 'nearport_unsized_blob_requests_total',
    help: 'Blob requests of which nobody knows how much was read.',
    labelNames: wayLabels,
    registers,
  })
  const avoided = new Counter({
    name: 'nearport_avoided_dollars_total',
    help: 'What the bytes that came from mirrors would have cost from the upstream, in US dollars.',
    labelNames: placeLabels,
    registers,
  })
  const spent = new Counter({
    name: 'nearport_spent_dollars_total',
    help: 'What the bytes of blobs cost by the way they went, in US dollars.',
    labelNames: ['action', ...placeLabels],
    registers,
  })
  const unpriced = new Counter({
    name: 'nearport_unpriced_bytes_total',
    help: 'Bytes of blobs for which no price is known: no dollars are counted for them.',
    labelNames: wayLabels,
    registers,
  })

  // The first of these to be scraped fills them all.
  function fill(): void {
    for (const counter of [requests, bytes, unsized, avoided, spent, unpriced]) counter.reset()
    const money = { avoided: createSums(), spent: createSums() }
    for (const row of rows()) {
      const { kind, method, status, action, reason, mirror, cloud, region } = row
      const way = { action, reason, mirror, cloud, region }
      requests.inc({ kind, method, status: String(status), ...way }, row.requests)
      if (kind !== 'blob' || (action !== 'mirror' && action !== 'upstream')) continue
      bytes.inc(way, row.bytes)
      if (row.unsized > 0) unsized.inc(way, row.unsized)
      const cost = accounting.moneyOf(row)
      if (cost === undefined) {
        unpriced.inc(way, row.bytes)
        continue
      }
      money.spent.add({ action, mirror, cloud, region }, cost.spent)
      if (action === 'mirror') money.avoided.add({ mirror, cloud, region }, cost.fromUpstream)
    }
    // Dollars are whole nanodollars up to here: a float is for showing alone.
    for (const [labels, sum] of money.avoided.all()) avoided.inc(labels, dollarsOf(sum))
    for (const [labels, sum] of money.spent.all()) spent.inc(labels, dollarsOf(sum))
  }
}

/** Sums of money by labels. */
function createSums<L extends Readonly<Record<string, string>>>() {
  const sums = new Map<string, [labels: L, sum: Nanodollars]>()
  return {
    add(labels: L, amount: Nanodollars): void {
      const key = JSON.stringify(labels)
      const known = sums.get(key)
      if (known === undefined) sums.set(key, [labels, amount])
      else known[1] += amount
    },
    all: () => sums.values(),
  }
}

/** Dollars as Prometheus has all numbers: not for reckoning with. */
function dollarsOf(amount: Nanodollars): number {
  return Number(amount) / 1e9
}
