import type { SetCost } from '../core/estimate/cost.ts'
import type { Nanodollars } from '../core/money.ts'
import { exactDollars } from '../core/money.ts'
import { doubtsOf } from './estimate-doubts.ts'
import type { Estimate } from './estimate-made.ts'

/**
 * An estimate for machines: one line of JSON. Dollars are exact decimal texts, of a month unless the
 * name says otherwise; null: no price is known. A location of null is nowhere known.
 */
export function estimateJson(estimate: Estimate): string {
  const { logs, demand, upstream, settings, periodMs, choice, places, allOutside } = estimate
  const { without, withMirrors, mirrors, runnersUp } = choice
  const { lines, bytesRead, notUnderstood, sample, formats, gathering } = logs
  return `${JSON.stringify({
    upstream: upstream.place,
    logs: {
      lines,
      bytesRead,
      notUnderstood,
      sample: sample ?? null,
      formats,
      spans: gathering.spans(),
      lost: gathering.lost(),
      pulls: demand.logged.pulls,
      pullsWithoutSize: demand.logged.unsized,
      pullsOfUnknownSize: demand.logged.unknown,
      blobsToldApart: gathering.blobs.size,
      shareOfBlobsToldApart: gathering.blobs.keptShare,
    },
    manifests: estimate.asked ?? null,
    periodMs,
    sample: settings.sample,
    factor: demand.factor,
    sampleError: demand.sampleError,
    locations: places.map(({ place, ...cost }) => {
      const { location, pulls, bytes, estimatedBytes, manifestBytes } = place.demand
      return {
        location: location === undefined ? null : `${location.cloud}/${location.region}`,
        pulls,
        bytes,
        estimatedBytes,
        manifestBytes,
        withoutDollars: dollars(cost.without),
        withMirrorsDollars: dollars(cost.withMirrors),
        servedFrom: cost.mirror ?? 'upstream',
      }
    }),
    without: costJson(without),
    withMirrors: costJson(withMirrors),
    savedDollars: exactDollars(without.total - withMirrors.total),
    mirrors: mirrors.map(({ site, netAMonth, heldBytes }) => {
      return { id: site.id, netDollars: exactDollars(netAMonth), heldBytes }
    }),
    notProposed: runnersUp.map(({ site, saves, costs }) => {
      return { id: site.id, savesDollars: exactDollars(saves), costsDollars: exactDollars(costs) }
    }),
    everythingFromOutside: allOutside === undefined ? null : costJson(allOutside),
    doubts: doubtsOf(estimate),
    config: estimate.config,
  })}\n`
}

function costJson({ total, upstream, egress, reads, storage, filling }: SetCost): object {
  return {
    totalDollars: exactDollars(total),
    upstreamDollars: exactDollars(upstream),
    egressDollars: exactDollars(egress),
    readsDollars: exactDollars(reads),
    storageDollars: exactDollars(storage),
    fillingOnceDollars: exactDollars(filling),
  }
}

function dollars(amount: Nanodollars | undefined): string | null {
  return amount === undefined ? null : exactDollars(amount)
}
