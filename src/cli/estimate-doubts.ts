import type { SetCost } from '../core/estimate/cost.ts'
import { findMemoryPrices } from '../core/estimate/memory.ts'
import { bytesText } from '../core/bytes-text.ts'
import { dayMs } from '../core/hot-set.ts'
import { costOf, formatDollars, sumOf } from '../core/money.ts'
import type { Estimate } from './estimate-made.ts'
import { counted } from './sync-counted.ts'

/** Something that makes an estimate less sure, or that it leaves out. */
export type Doubt = { readonly code: string; readonly text: string }

/** Says how sure an estimate is: what of the logs could not be read or believed, and what was assumed. */
export function doubtsOf(estimate: Estimate): readonly Doubt[] {
  return [
    ...logDoubts(estimate),
    ...timeDoubts(estimate),
    ...sizeDoubts(estimate),
    ...placeDoubts(estimate),
    ...priceDoubts(estimate),
    ...mirrorDoubts(estimate),
  ]
}

function logDoubts({ logs, settings, demand }: Estimate): readonly Doubt[] {
  const { lines, notUnderstood, sample, gathering } = logs
  const lost = gathering.lost()
  const { keptShare } = gathering.blobs
  return [
    ...doubt(
      notUnderstood > 0,
      'not-understood',
      `${percentText(notUnderstood / lines)} of the lines (${notUnderstood}) were not understood and are left out; the first is ${sample}`,
    ),
    ...doubt(lost > 0, 'lost', `${counted(lost, 'event')} lost before they were written`),
    ...doubt(
      settings.sample < 1,
      'sampled',
      `the logs are a sample of ${percentText(settings.sample)} of the traffic: all counts are multiplied by ${shortNumber(1 / settings.sample)}, and all bytes have a standard error of ${percentText(demand.sampleError)} at the least, small regions a larger one`,
    ),
    ...doubt(
      keptShare < 1,
      'blobs-sampled',
      `there are so many blobs that ${percentText(keptShare)} of them were told apart, by their digests, and stand for all: what mirrors hold is estimated`,
    ),
  ]
}

function timeDoubts({ periodMs, settings, logs }: Estimate): readonly Doubt[] {
  const spans = logs.gathering.spans()
  return [
    ...doubt(
      settings.periodMs !== undefined,
      'period-told',
      `that the logs are of ${daysText(periodMs)} is as told, and not by the times of their lines`,
    ),
    ...doubt(
      spans.length > 1 && settings.periodMs === undefined,
      'gaps',
      `gaps of a day or more lie between the logs and do not count: ${counted(spans.length, 'time')}, ${daysText(periodMs)} together, stand for the month`,
    ),
    ...doubt(
      periodMs < dayMs,
      'short',
      `the logs are of ${daysText(periodMs)}, and are counted as a day: a month may look different`,
    ),
    ...doubt(
      periodMs >= dayMs && periodMs < 7 * dayMs,
      'no-week',
      `the logs are of ${daysText(periodMs)}, less than a week: weekends are quieter than working days`,
    ),
  ]
}

function sizeDoubts({ demand, asked, upstream }: Estimate): readonly Doubt[] {
  const { pulls, unsized, unknown } = demand.logged
  const known = unsized - unknown
  const hint = upstream.upstreams.length === 0 ? '; --upstream URL asks its manifests' : ''
  return [
    ...doubt(
      known > 0,
      'sizes-of-blobs',
      `of ${percentText(known / pulls)} of the pulls the logs do not say how much was read: each counts as its whole blob`,
    ),
    ...doubt(
      unknown > 0,
      'unknown-sizes',
      `of ${percentText(unknown / pulls)} of the pulls (${unknown}) nobody knows the size: each counts as ${bytesText(demand.meanBytes)}, the mean of the others${hint}`,
    ),
    ...doubt(
      asked !== undefined && asked.failed > 0,
      'manifests',
      `${asked?.failed} of ${counted(asked?.manifests ?? 0, 'manifest')} could not be had: ${asked?.problem}`,
    ),
  ]
}

function placeDoubts({ demand, model, choice }: Estimate): readonly Doubt[] {
  const all = demand.places.reduce((sum, { bytes }) => sum + bytes, 0)
  const nowhere = demand.places[0]!.bytes
  const home = model.places.filter(({ isHome }) => isHome)
  const homeBytes = home.reduce((sum, { demand: { bytes } }) => sum + bytes, 0)
  const unpriced = model.places.filter(({ list, demand: { bytes } }) => list < 0 && bytes > 0)
  const { cloud, region } = model.upstream
  return [
    ...doubt(
      nowhere > 0,
      'nowhere',
      `${percentText(nowhere / all)} of the bytes go to addresses in no published range of a cloud`,
    ),
    ...doubt(
      homeBytes > 0,
      'home',
      `clients in ${cloud}, the upstream's own cloud, stay with it (${percentText(homeBytes / all)} of the bytes, ${formatDollars(homeCost(home, choice.withMirrors))} a month from ${region} to its other regions)`,
    ),
    ...doubt(
      unpriced.length > 0,
      'unpriced',
      `no price is known for what the upstream sends to ${unpriced.map(({ demand: { location } }) => `${location?.cloud}/${location?.region}`).join(', ')}: they are in no total`,
    ),
  ]
}

function homeCost(home: Estimate['model']['places'], { upstreamByList }: SetCost): bigint {
  return sumOf(
    home.map(({ list, demand }) => {
      const of = upstreamByList[list]
      return of === undefined || of.bytes === 0
        ? 0n
        : costOf(demand.bytes, { nanodollars: of.cost, per: BigInt(of.bytes) })
    }),
  )
}

function priceDoubts({ model, choice, upstream }: Estimate): readonly Doubt[] {
  const unverified = findMemoryPrices(model, choice.withMirrors)
  const dates = Object.values(upstream.prices.sources).flatMap(({ read }) => read ?? [])
  return [
    {
      code: 'list-prices',
      text: `prices are list prices as read until ${dates.toSorted().at(-1) ?? 'an unknown day'}: no discount, no free allowance, no tax, no upstream requests; what the account sends besides is not in its tiers`,
    },
    ...doubt(
      unverified.length > 0,
      'unverified-prices',
      `from memory, and not verified by a price list: ${unverified.slice(0, 6).join(', ')}${unverified.length > 6 ? ` and ${unverified.length - 6} more` : ''}`,
    ),
  ]
}

function mirrorDoubts({ choice, settings }: Estimate): readonly Doubt[] {
  const { mirrors, withMirrors } = choice
  if (mirrors.length === 0) return []
  const assumed = {
    code: 'filling',
    text: `filling the mirrors once costs ${formatDollars(withMirrors.filling)} and is counted as a twelfth of it a month, as if all images were replaced once a year; a sync outside the clouds is assumed`,
  }
  if (settings.storedBytes !== undefined) return [assumed]
  return [
    assumed,
    {
      code: 'storage',
      text: `a mirror is taken to hold what its clients pulled in the logs${settings.sample < 1 ? ', a sample' : ''}; a sync brings it all that it is told to mirror: --stored-gb says how much that is`,
    },
  ]
}

function doubt(holds: boolean, code: string, text: string): readonly Doubt[] {
  return holds ? [{ code, text }] : []
}

/** A share with the digits that say something: `12 %`, `0.17 %`. */
export function percentText(share: number): string {
  return `${shortNumber(share * 100)} %`
}

function shortNumber(value: number): string {
  return value >= 99.5 ? value.toFixed(0) : String(Number(value.toPrecision(2)))
}

function daysText(ms: number): string {
  if (ms >= 2 * dayMs) return `${Math.round(ms / dayMs)} days`
  if (ms >= 7_200_000) return `${Math.round(ms / 3_600_000)} hours`
  return `${Math.round(ms / 60_000)} minutes`
}
