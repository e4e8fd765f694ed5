import type { RangesSource } from '../core/address-table-metadata.ts'
import type { Cloud } from '../core/location.ts'
import type { AddressCounts, RangesChange, RegionChange } from '../core/ranges-flow.ts'
import type { RangesDecision } from '../ranges/decide.ts'

/** A document that was looked at. */
export type Looked = {
  readonly cloud: Cloud
  /** The file or address it is from, without a query. */
  readonly from: string
  /** The document in use. */
  readonly before: RangesSource | undefined
  readonly outcome: 'accepted' | 'unchanged' | 'refused' | 'failed'
  /** Why it is refused, or cannot be had. */
  readonly problems: readonly string[]
  /** Undefined: it cannot be had. */
  readonly decision: RangesDecision | undefined
  /** Whether it is in the kept table now. */
  readonly taken: boolean
}

/** What was found, for a person: a head, what is wrong, then a table of the regions that change. */
export function lookedText(looked: Looked): string {
  const { cloud, before, outcome, problems, decision, taken } = looked
  const versions = [before, decision?.source].map(versionText).join(' to ')
  const lines = [`${cloud}: ${versions}: ${outcome}${taken ? ', and kept' : ''}`]
  lines.push(...problems.map((problem) => `  ${problem}`))
  if (outcome !== 'unchanged' && decision?.change !== undefined) {
    lines.push(...changeLines(decision.change), ...regionLines(decision.regions))
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** The same as one value of JSON. */
export function lookedJson({ decision, before, ...looked }: Looked): object {
  return {
    ...looked,
    before: before ?? null,
    after: decision?.source ?? null,
    change: decision?.change ?? null,
    regions: decision?.regions ?? [],
  }
}

function versionText(source: RangesSource | undefined): string {
  if (source === undefined) return 'no document'
  return `version ${source.version}${source.date === null ? '' : ` of ${source.date.slice(0, 10)}`}`
}

function changeLines(change: RangesChange): readonly string[] {
  return families.map(([family, name]) => {
    const { before, gained, lost, movedIn, movedOut } = change
    const counts = [
      `${countText(gained[family])} new`,
      `${countText(lost[family])} gone`,
      `${countText(movedOut[family])} moved`,
      // Another cloud's addresses count as moved out of that one.
      ...(movedIn[family] > movedOut[family] ? ['some from another cloud'] : []),
    ]
    return `  of ${countText(before[family])} ${name}: ${counts.join(', ')}`
  })
}

const families = [
  ['ipv4', 'IPv4 addresses'],
  ['ipv6', 'IPv6 networks of /64'],
] as const

function regionLines(regions: readonly RegionChange[]): readonly string[] {
  if (regions.length === 0) return []
  const head = ['region', 'IPv4 in', 'IPv4 out', 'IPv6 /64 in', 'IPv6 /64 out']
  const rows = regions.map((region) => [
    region.region,
    ...families.flatMap(([family]) => [
      signedText('+', sum(region.gained, region.movedIn)[family]),
      signedText('-', sum(region.lost, region.movedOut)[family]),
    ]),
  ])
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)))
  return [head, ...rows].map(
    (row) =>
      `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')}`,
  )
}

function sum(a: AddressCounts, b: AddressCounts): AddressCounts {
  return { ipv4: a.ipv4 + b.ipv4, ipv6: a.ipv6 + b.ipv6 }
}

function signedText(sign: string, count: number): string {
  return count === 0 ? '0' : sign + countText(count)
}

function countText(count: number): string {
  return count.toLocaleString('en-US')
}
