import type { ClientLocation } from './location.ts'

/** How many addresses: of IPv4 each one, of IPv6 the networks of /64, begun ones counted as whole. */
export type AddressCounts = { readonly ipv4: number; readonly ipv6: number }

/** Addresses that a table has at `from` and another at `to`; undefined: they are nobody's. */
export type AddressFlow = {
  readonly from: ClientLocation | undefined
  readonly to: ClientLocation | undefined
  readonly count: AddressCounts
}

/** What becomes of the addresses of a region, or of a cloud. */
export type RangesChange = {
  readonly before: AddressCounts
  /** They were nobody's. */
  readonly gained: AddressCounts
  /** They will be nobody's. */
  readonly lost: AddressCounts
  /** They were somebody else's: of a cloud, at another of its regions. */
  readonly movedIn: AddressCounts
  /** They will be somebody else's: of a cloud, at another of its regions too. */
  readonly movedOut: AddressCounts
}

/** A change and whose it is: `aws/us-east-1`. */
export type RegionChange = RangesChange & { readonly region: string }

const none: AddressCounts = { ipv4: 0, ipv6: 0 }
const noChange: RangesChange = {
  before: none,
  gained: none,
  lost: none,
  movedIn: none,
  movedOut: none,
}

/** What becomes of each region that has addresses before or after, by name. */
export function changesByRegion(flows: readonly AddressFlow[]): ReadonlyMap<string, RangesChange> {
  return changesBy(flows, regionText)
}

/** What becomes of each cloud. */
export function changesByCloud(flows: readonly AddressFlow[]): ReadonlyMap<string, RangesChange> {
  return changesBy(flows, ({ cloud }) => cloud)
}

/** Regions that are not as before, those with the most changed IPv4 addresses first, then of IPv6. */
export function listRegionChanges(flows: readonly AddressFlow[]): readonly RegionChange[] {
  return Array.from(changesByRegion(flows), ([region, change]) => ({
    row: { region, ...change },
    changed: [change.gained, change.lost, change.movedIn, change.movedOut].reduce(add),
  }))
    .filter(({ changed }) => changed.ipv4 + changed.ipv6 > 0)
    .toSorted(
      (a, b) =>
        b.changed.ipv4 - a.changed.ipv4 ||
        b.changed.ipv6 - a.changed.ipv6 ||
        (a.row.region < b.row.region ? -1 : 1),
    )
    .map(({ row }) => row)
}

/** A location as configuration and messages have it. */
export function regionText({ cloud, region }: ClientLocation): string {
  return `${cloud}/${region}`
}

function changesBy(
  flows: readonly AddressFlow[],
  nameOf: (location: ClientLocation) => string,
): ReadonlyMap<string, RangesChange> {
  const changes = new Map<string, RangesChange>()
  const put = (location: ClientLocation, key: keyof RangesChange, count: AddressCounts) => {
    const name = nameOf(location)
    const change = changes.get(name) ?? noChange
    changes.set(name, { ...change, [key]: add(change[key], count) })
  }
  for (const { from, to, count } of flows) {
    const stays = from !== undefined && to !== undefined && regionText(from) === regionText(to)
    if (from !== undefined) {
      put(from, 'before', count)
      if (!stays) put(from, to === undefined ? 'lost' : 'movedOut', count)
    }
    if (to !== undefined && !stays) put(to, from === undefined ? 'gained' : 'movedIn', count)
  }
  return changes
}

function add(a: AddressCounts, b: AddressCounts): AddressCounts {
  return { ipv4: a.ipv4 + b.ipv4, ipv6: a.ipv6 + b.ipv6 }
}
