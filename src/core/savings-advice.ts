import { clientPlace } from './accounting.ts'
import type { Busy } from './busiest.ts'
import { clouds } from './location.ts'
import type { Nanodollars } from './money.ts'
import { costOf } from './money.ts'
import type { CloudPlace } from './prices.ts'
import type { MissedSavingsTerms, TrafficGroup } from './savings-terms.ts'

/** What to do so that bytes stay home: words, and what to write or to type where there is one. */
export type Advice = {
  readonly text: string
  /** A piece of nearport.json. */
  readonly configuration?: string
  readonly command?: string
}

/** An advice, and what its traffic would cost a month when it is followed; undefined: unknown. */
export type Advised = { readonly advice: Advice; readonly leftCostAMonth: Nanodollars | undefined }

export type AdviceTerms = MissedSavingsTerms & {
  /** What the period's counts are to be multiplied by for a month. */
  readonly factor: number
}

/** A mirror outside the clouds that takes nothing for what it sends, as the list prices have it. */
const freeEgress = { id: 'r2/global', cloud: 'r2', region: 'global' }
/** Clouds whose own stores speak S3's protocol, so that a mirror may be there. */
const mayHoldMirrors = ['aws', 'gcp']

/** Says what would keep the bytes of a group. */
export function adviseOn(group: TrafficGroup, terms: AdviceTerms): Advised {
  switch (group.reason) {
    case 'not-mirrored':
      return adviseToMirror(group, terms)
    case 'unhealthy':
      return adviseToMend(group, terms)
    case 'no-index':
      return {
        advice: {
          text: 'No index says what the mirrors hold, so that nobody is sent there. Publish one.',
          command: 'nearport sync',
        },
        leftCostAMonth: costAtNearest(group, terms),
      }
    case 'opted-out':
      return {
        advice: { text: 'These clients are not to be sent to mirrors, by optOut.' },
        leftCostAMonth: undefined,
      }
    case 'credentials':
      return {
        advice: {
          text: 'Not everyone may read these, so no mirror gives them: clientCredentials.',
        },
        leftCostAMonth: undefined,
      }
    case 'configured':
      return adviseOnOverride(group, terms)
    case 'no-location':
      return adviseOnNowhere(group, terms)
    case 'elsewhere':
      return group.location === '-' ? adviseOnNowhere(group, terms) : adviseOnRegion(group, terms)
    default:
      return adviseOnRegion(group, terms)
  }
}

/** A mirror where the clients are. */
function adviseOnRegion(group: TrafficGroup, terms: AdviceTerms): Advised {
  const [cloud = '', region = ''] = group.location.split('/')
  if (!mayHoldMirrors.includes(cloud) || region.toLowerCase() === 'global') {
    return adviseOnNowhere(group, terms)
  }
  const place = { cloud, region }
  const left = costOfMirror(group, terms, place, true)
  const from = group.mirror === undefined ? 'the upstream' : group.mirror
  const mirror = `{ "id": "${group.location}", "bucket": "BUCKET" }`
  // Where the upstream is in the clients' own cloud, no rule sends them to a mirror.
  const isHome = group.reason === 'same-cloud'
  const override = `"regions": { "${group.location}": "${group.location}" }`
  return {
    advice: {
      text: `Clients in ${group.location} read from ${from}. A mirror there would serve them inside their region.`,
      configuration: isHome ? `"mirrors": [${mirror}], ${override}` : `"mirrors": [${mirror}]`,
      command: `nearport mirrors create ${group.location} && nearport sync`,
    },
    leftCostAMonth: left,
  }
}

/** Clients that no region of a cloud is near to: a mirror whose egress is free, if it pays. */
function adviseOnNowhere(group: TrafficGroup, terms: AdviceTerms): Advised {
  const there = terms.mirrors.find(({ cloud }) => cloud === freeEgress.cloud)
  const target = there ?? freeEgress
  const left = costOfMirror(group, terms, target, there === undefined)
  const who =
    group.location === '-' ? 'Clients in no known cloud region' : `Clients in ${group.location}`
  const route =
    group.location === '-'
      ? `"elsewhere": "${target.id}"`
      : `"regions": { "${group.location}": "${target.id}" }`
  const mirror = `"mirrors": [{ "id": "${target.id}", "bucket": "BUCKET", "endpoint": "ENDPOINT" }]`
  return {
    advice: {
      text: `${who} can have no mirror near them. A mirror whose egress costs nothing can serve them.`,
      configuration: there === undefined ? `${mirror}, ${route}` : route,
    },
    leftCostAMonth: left,
  }
}

function adviseToMirror(group: TrafficGroup, terms: AdviceTerms): Advised {
  const { notMirrored, isSynced, mirrors } = terms
  const leftCostAMonth = costAtNearest(group, terms)
  const outside = notMirrored.filter(({ name }) => !isSynced(name)).slice(0, 3)
  const inside = notMirrored.filter(({ name }) => isSynced(name)).slice(0, 3)
  if (outside.length > 0) {
    const names = outside.map(({ name }) => JSON.stringify(name)).join(', ')
    return {
      advice: {
        text: `No mirror near them holds these blobs: ${namesOf(outside)}. The sync list does not name ${outside.length === 1 ? 'it' : 'them'}.`,
        configuration: `"sync": { "repositories": [${names}] }`,
        command: 'nearport sync',
      },
      leftCostAMonth,
    }
  }
  const partial = mirrors.length > 1 ? ' Where a mirror holds a part alone, see its "holds".' : ''
  return {
    advice: {
      text: `No mirror near them holds these blobs: ${namesOf(inside)}. The sync list names them: a sync brings what is new, and an audit says what is missing.${partial}`,
      command: 'nearport sync && nearport audit',
    },
    leftCostAMonth,
  }
}

function adviseToMend(group: TrafficGroup, terms: AdviceTerms): Advised {
  const { unhealthySinceMs, timeText, mirrors } = terms
  const { cloud, region } = group.rows[0]!
  const near = mirrors.filter((mirror) => mirror.cloud === cloud && mirror.region === region)
  const known = (near.length > 0 ? near : mirrors).filter(({ id }) => unhealthySinceMs.has(id))
  const since = known.map(({ id }) => `${id} since ${timeText(unhealthySinceMs.get(id)!)}`)
  const who =
    since.length === 0 ? 'A mirror of theirs did not answer.' : `Unhealthy: ${since.join(', ')}.`
  return {
    advice: {
      text: `${who} Its clients get the upstream meanwhile.`,
      command: 'nearport mirrors check',
    },
    leftCostAMonth: costAtNearest(group, terms),
  }
}

function adviseOnOverride(group: TrafficGroup, terms: AdviceTerms): Advised {
  const target = terms.overrides[group.location]
  if (group.mirror !== undefined && target !== 'upstream') {
    return {
      advice: {
        text: `The configuration sends ${group.location} to ${group.mirror}, which is not free to them. Without that line they go to the nearest mirror.`,
        configuration: `"regions": { "${group.location}": "${group.mirror}" }`,
      },
      leftCostAMonth: undefined,
    }
  }
  return {
    advice: {
      text: `The configuration sends ${group.location} to the upstream. If that is not meant any more, take the line out.`,
      configuration: `"regions": { "${group.location}": "upstream" }`,
    },
    leftCostAMonth: undefined,
  }
}

/** What the group's traffic would cost from the first mirror that its clients may be sent to. */
function costAtNearest(group: TrafficGroup, terms: AdviceTerms): Nanodollars | undefined {
  const { cloud, region } = group.rows[0]!
  const client = clouds.find((known) => known === cloud)
  const [first] = terms.route(client && { cloud: client, region }).candidates
  return first && costOfMirror(group, terms, first.mirror, false)
}

/** What the group's bytes, requests and, where it is new, the mirror itself would cost a month. */
function costOfMirror(
  group: TrafficGroup,
  { prices, factor, heldBytes }: AdviceTerms,
  place: CloudPlace & { readonly region: string },
  isNew: boolean,
): Nanodollars | undefined {
  const { cloud, region } = group.rows[0]!
  const bytes = Math.round((group.bytes + group.estimatedBytes) * factor)
  const egress = prices.egressCost(bytes, place, clientPlace(cloud, region))
  const read = prices.requestPrice(place.cloud, 'read', place.region)
  const storage = isNew ? storageOf(heldBytes, prices, place) : 0n
  if (egress === undefined || read === undefined || storage === undefined) return undefined
  return egress + costOf(Math.round(group.requests * factor), read) + storage
}

function storageOf(
  heldBytes: number | undefined,
  { storageCost }: AdviceTerms['prices'],
  { cloud, region }: CloudPlace,
): Nanodollars | undefined {
  return heldBytes === undefined ? undefined : storageCost(heldBytes, cloud, region)
}

function namesOf(busy: readonly Busy[]): string {
  return busy.map(({ name }) => name).join(', ') || 'repositories nobody counted'
}
