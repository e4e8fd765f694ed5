import type { DrillWorld } from './drill-world.ts'

/** What operators read, and by which alert they are called. */
export type Sight = {
  /** An event that has these words in it; `request` is one that only a client's coming leaves. */
  readonly event: readonly [name: string, words: string]
  /** A line of `/metrics`, and what it comes to. */
  readonly metric: readonly [name: string, is: number | 'rises']
  /** Fires where it lasts. */
  readonly alert?: string
}

/** One thing that goes wrong around a running nearport. */
export type Drill = {
  readonly what: string
  readonly how: string
  /** `pull` is for what has to have been pulled before. */
  readonly begin: (world: DrillWorld, pull: () => Promise<unknown>) => void | Promise<void>
  /** Words: why there is nothing to be seen. */
  readonly sight: Sight | string
  /** Why clients get no image, where they cannot, and how theirs says so. */
  readonly none?: { readonly why: string; readonly said: RegExp }
  /** Default: crane, or the first that is here. */
  readonly client?: 'containerd'
  /** Puts right what the fault was, beside those of faces. */
  readonly end?: (world: DrillWorld) => void | Promise<void>
}

/** What operators see of a mirror that is out. */
export function mirrorOut(mirror: string, said: string): Sight {
  return {
    event: ['mirror-out', said],
    metric: [`nearport_mirror_healthy{mirror="${mirror}"}`, 0],
    alert: 'NearportMirrorLeftOut',
  }
}

export function indexProblem(said: string): Sight {
  return {
    event: ['index', said],
    metric: ['nearport_index_problems_total', 'rises'],
    alert: 'NearportIndexOld',
  }
}

export function rangesRefused(said: string): Sight {
  return {
    event: ['ranges', said],
    metric: ['nearport_ranges_refused{cloud="aws"}', 1],
    alert: 'NearportRangesRefused',
  }
}

export function rangesFailed(said: string): Sight {
  return {
    event: ['ranges', said],
    metric: ['nearport_ranges_updates_total{cloud="aws",outcome="failed"}', 'rises'],
    alert: 'NearportRangesOld',
  }
}

export function configRefused(said: string): Sight {
  return {
    event: ['config', said],
    metric: ['nearport_config_good', 0],
    alert: 'NearportConfigRefused',
  }
}

/** A tag that is given from memory, as its upstream gives none. */
export function staleTag(said: string): Sight {
  return {
    event: ['request', said],
    metric: ['nearport_manifests_total{source="stale"}', 'rises'],
  }
}

/** As the table has it. */
export function sightText(sight: Sight | string): string {
  if (typeof sight === 'string') return sight
  const {
    event: [event, said],
    metric: [name, is],
    alert,
  } = sight
  const seen = [
    `\`${event}\` (${said.replaceAll('"', '')})`,
    `\`${name}\` ${is === 'rises' ? 'rises' : `is ${is}`}`,
  ]
  return [...seen, ...(alert === undefined ? [] : [alert])].join('; ')
}
