import type { RangesSource } from './address-table-metadata.ts'
import type { AddressCounts, AddressFlow, RangesChange } from './ranges-flow.ts'
import { changesByCloud, changesByRegion } from './ranges-flow.ts'

/** How much an update may change before it is more likely a mistake: shares, from 0 up. */
export type RangesLimits = {
  /** Of a cloud's addresses, those that become nobody's. */
  readonly mostShrunk: number
  /** Of a cloud's addresses, those that come to be elsewhere. */
  readonly mostMoved: number
  /** Of a cloud's addresses, those that come to it. */
  readonly mostGrown: number
  /** Of a region's addresses, those that leave it for nobody or for elsewhere. */
  readonly mostOfRegion: number
}

/** A newer document of a cloud, and what the table would become with it. */
export type RangesCandidate = {
  /** The document in use; undefined: the table has none of this cloud. */
  readonly current: RangesSource | undefined
  readonly candidate: RangesSource
  /** When it was made, in milliseconds since 1970; undefined: it does not say. */
  readonly madeAtMs: number | undefined
  /** All addresses that anyone has in either table, those that stay where they are too. */
  readonly flows: readonly AddressFlow[]
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

export type RangesVerdict = {
  readonly verdict: 'accepted' | 'unchanged' | 'refused'
  /** Why it is refused: what was wanted and what came. */
  readonly problems: readonly string[]
}

/** A document may be from a clock that is ahead of ours; not by more than this. */
const aheadMs = 86_400_000

/** So many regions are named where one thing is wrong with many. */
const mostNamed = 5

/**
 * Decides whether a newer document may take the place of the one in use. On any doubt it may not:
 * addresses that are a few weeks old are better than wrong ones.
 */
export function judgeRanges(given: RangesCandidate, limits: RangesLimits): RangesVerdict {
  const { current, candidate, madeAtMs, flows, nowMs } = given
  const newer = current === undefined ? 1 : compareVersions(candidate.version, current.version)
  if (newer === 0) return { verdict: 'unchanged', problems: [] }
  if (newer < 0) {
    const wanted = `wanted a document newer than version ${current!.version}`
    return { verdict: 'refused', problems: [`${wanted}, got ${candidate.version}`] }
  }

  const problems: string[] = []
  if (madeAtMs !== undefined && madeAtMs > nowMs + aheadMs) {
    problems.push(`wanted a document that is made already, got one of ${candidate.date}`)
  }
  problems.push(...judgePrefixes(current?.prefixes, candidate, limits.mostShrunk))
  for (const [cloud, change] of changesByCloud(flows)) {
    problems.push(...judgeCloud(cloud, change, limits))
  }
  problems.push(...judgeRegions(changesByRegion(flows), limits.mostOfRegion))
  return { verdict: problems.length === 0 ? 'accepted' : 'refused', problems }
}

/**
 * Compares two versions of one vendor's document, which are whole numbers that grow: below 0 where the
 * first is older, 0 where they are the same.
 */
export function compareVersions(a: string, b: string): number {
  return Number(a) - Number(b)
}

/**
 * A document that was cut may still have all addresses: AWS lists most of them more than once, in
 * prefixes that lie in others.
 */
function judgePrefixes(
  before: AddressCounts | undefined,
  { cloud, prefixes }: RangesSource,
  most: number,
): readonly string[] {
  if (before === undefined) return []
  const gone = { ipv4: before.ipv4 - prefixes.ipv4, ipv6: before.ipv6 - prefixes.ipv6 }
  return judgeShare(`prefixes of ${cloud} gone`, gone, before, most)
}

function judgeCloud(cloud: string, change: RangesChange, limits: RangesLimits): readonly string[] {
  return [
    ...judgeShare(`addresses of ${cloud} gone`, change.lost, change.before, limits.mostShrunk),
    ...judgeShare(`addresses of ${cloud} moved`, change.movedOut, change.before, limits.mostMoved),
    ...judgeShare(`addresses of ${cloud} new`, change.gained, change.before, limits.mostGrown),
  ]
}

const families = [
  ['ipv4', 'IPv4'],
  ['ipv6', 'IPv6'],
] as const

function judgeShare(
  what: string,
  count: AddressCounts,
  before: AddressCounts,
  most: number,
): readonly string[] {
  return families.flatMap(([family, name]) => {
    // A cloud or a family that is new has nothing to be measured by.
    if (before[family] === 0 || count[family] <= before[family] * most) return []
    // Rounded up: what is too much must not read as what is allowed.
    const share = percentText(Math.ceil((count[family] / before[family]) * 1000) / 1000)
    return [`wanted at most ${percentText(most)} of the ${name} ${what}, got ${share}`]
  })
}

function judgeRegions(
  changes: ReadonlyMap<string, RangesChange>,
  mostOfRegion: number,
): readonly string[] {
  const gone: string[] = []
  const changed: string[] = []
  for (const [region, { before, gained, lost, movedIn, movedOut }] of changes) {
    const leaves = (family: keyof AddressCounts) => lost[family] + movedOut[family]
    const stays = (family: keyof AddressCounts) => before[family] - leaves(family)
    const comes = gained.ipv4 + gained.ipv6 + movedIn.ipv4 + movedIn.ipv6
    const had = before.ipv4 + before.ipv6 > 0
    if (had && stays('ipv4') + stays('ipv6') + comes === 0) gone.push(region)
    else if (families.some(([family]) => leaves(family) > before[family] * mostOfRegion)) {
      changed.push(region)
    }
  }
  return [
    ...(gone.length === 0 ? [] : [`wanted all known regions, got none of ${namesText(gone)}`]),
    ...(changed.length === 0
      ? []
      : [
          `wanted at most ${percentText(mostOfRegion)} of a region’s addresses gone or moved, ` +
            `got more of ${namesText(changed)}`,
        ]),
  ]
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ')
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown
}

/** A share with one decimal: `12.5%`. */
function percentText(share: number): string {
  return `${Math.round(share * 1000) / 10}%`
}
