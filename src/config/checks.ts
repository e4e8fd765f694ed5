import priceList from '../../data/prices.json' with { type: 'json' }
import type { ConfigFile } from './schema.ts'
import { parseMirrorId } from '../core/mirror.ts'
import { createPrices } from '../core/prices.ts'
import { profileOf } from '../core/profiles.ts'

/** What is wrong in a file as it came, which may be wrong elsewhere too: a line each. */
export function describeFile(json: unknown): readonly string[] {
  return [...describeRepetitions(json), ...describeTargets(json), ...describePrices(json)]
}

/** What does not fit together in a file whose every value is right: a line each. */
export function describeWhole(file: ConfigFile): readonly string[] {
  return [
    ...describeKeptIndex(file),
    ...describeGrace(file),
    ...describeTraffic(file),
    ...describeBudget(file),
    ...describeClientCredentials(file),
  ]
}

/** A client's credentials are for one registry, which nearport asks in its place. */
function describeClientCredentials({ upstreams }: ConfigFile): readonly string[] {
  return upstreams.flatMap((upstream, at) => {
    if (!upstream.clientCredentials) return []
    const { profile, mode = profileOf(profile).mode, addresses, signatures } = upstream
    const path = `upstreams[${at}]`
    const besides = 'none beside clientCredentials, which are for one registry'
    return [
      ...(mode === 'relay'
        ? []
        : [`${path}.mode: wanted relay beside clientCredentials, got ${mode}`]),
      ...(addresses.length === 0
        ? []
        : [`${path}.addresses: wanted ${besides}, got ${addresses.length}`]),
      ...(signatures === undefined
        ? []
        : [`${path}.signatures: wanted ${besides}, got ${signatures}`]),
    ]
  })
}

/** Ids and prefixes that are there twice. */
function describeRepetitions(json: unknown): readonly string[] {
  const ids = textsOf(json, 'mirrors', 'id')
  const prefixes = textsOf(json, 'upstreams', 'repositories', '')
  const hosts = namesOf(json)
  return [
    ...repeated(hosts.map(({ name }) => name)).map((each) => {
      const { at, name } = hosts[each]!
      return `upstreams[${at}].hosts: wanted each name once, got ${name} again`
    }),
    ...repeated(ids).map((at) => `mirrors[${at}].id: wanted each id once, got ${ids[at]} again`),
    ...repeated(prefixes).map(
      (at) => `upstreams[${at}].repositories: wanted each prefix once, got "${prefixes[at]}" again`,
    ),
  ]
}

/** Every name of every upstream, with the upstream's place in the list. */
function namesOf(json: unknown): readonly { readonly at: number; readonly name: string }[] {
  const { upstreams } = Object(json) as { readonly upstreams?: unknown }
  return (Array.isArray(upstreams) ? upstreams : []).flatMap((upstream: unknown, at) => {
    const { hosts } = Object(upstream) as { readonly hosts?: unknown }
    const names: readonly unknown[] = Array.isArray(hosts) ? hosts : []
    return names.map((name) => ({ at, name: String(name).toLowerCase() }))
  })
}

/** What is wrong with the prices above the list prices. */
function describePrices(json: unknown): readonly string[] {
  const { prices } = Object(json) as { readonly prices?: unknown }
  if (typeof prices !== 'object' || prices === null) return []
  try {
    createPrices(priceList, prices)
    return []
  } catch (error) {
    // Its first line says that prices are bad; the rest say what is, each with its path.
    return (error as Error).message.split('\n').slice(1)
  }
}

/** Places that name a mirror that is not there. */
function describeTargets(json: unknown): readonly string[] {
  const { elsewhere, regions } = Object(json) as Readonly<Record<string, unknown>>
  const ids = textsOf(json, 'mirrors', 'id')
  const wanted =
    ids.length === 0 ? 'upstream, as there are no mirrors' : `upstream or one of ${ids.join(', ')}`
  const targets = [
    ['elsewhere', elsewhere] as const,
    ...Object.entries(Object(regions) as object).map(
      ([region, target]) => [`regions["${region}"]`, target as unknown] as const,
    ),
  ]
  return targets
    .filter(([, target]) => typeof target === 'string' && parseMirrorId(target) !== undefined)
    .filter(([, target]) => !ids.includes(target as string))
    .map(([path, target]) => `${path}: wanted ${wanted}, got ${String(target)}`)
}

/** Nobody may still be sent to a blob when it is deleted: by an old index, or a remembered answer. */
function describeGrace({ prune, index, probe }: ConfigFile): readonly string[] {
  const longest = Math.max(index.staleAfterSeconds, probe.presentForSeconds)
  if (prune.graceSeconds > longest) return []
  return [
    `prune.graceSeconds: wanted more than index.staleAfterSeconds and probe.presentForSeconds (${longest}), got ${prune.graceSeconds}`,
  ]
}

/** What pays is known by what was pulled, and by what that costs where the upstream is. */
function describeTraffic({ mirrors, sync, upstreams }: ConfigFile): readonly string[] {
  if (!mirrors.some(({ holds }) => holds === 'what-pays')) return []
  const traffic =
    'sync.traffic: wanted a file of events or an access log, as a mirror holds what-pays'
  return [
    ...(sync.traffic.length === 0 ? [`${traffic}, got none`] : []),
    ...upstreams.flatMap(({ cloud, profile }, at) =>
      cloud === undefined && profileOf(profile).cloud === undefined
        ? [`upstreams[${at}].cloud: wanted it said, as a mirror holds what-pays, got nothing`]
        : [],
    ),
  ]
}

/** What it costs that a mirror is out is known by what the upstream's bytes cost. */
function describeBudget({ health, upstreams }: ConfigFile): readonly string[] {
  if (health.dollarsAnHour === undefined) return []
  return upstreams.flatMap(({ cloud, profile }, at) =>
    cloud === undefined && profileOf(profile).cloud === undefined
      ? [`upstreams[${at}].cloud: wanted it said beside health.dollarsAnHour, got nothing`]
      : [],
  )
}

/** One field of every item of a list; where it is not there, what it is by default. */
function textsOf(
  json: unknown,
  list: string,
  field: string,
  byDefault?: string,
): readonly (string | undefined)[] {
  const items = (Object(json) as Readonly<Record<string, unknown>>)[list]
  return (Array.isArray(items) ? items : []).map((item: unknown) => {
    const value = (Object(item) as Readonly<Record<string, unknown>>)[field] ?? byDefault
    return typeof value === 'string' ? value : undefined
  })
}

function repeated(values: readonly (string | undefined)[]): readonly number[] {
  return values.flatMap((value, at) =>
    value !== undefined && values.indexOf(value) < at ? [at] : [],
  )
}

/** What sync publishes to a folder is there already, and serve must not change it. */
function describeKeptIndex({ index: { directory, keptIn } }: ConfigFile): readonly string[] {
  if (keptIn === undefined || keptIn !== directory) return []
  return [`index.keptIn: wanted another folder than index.directory, got ${keptIn} again`]
}
