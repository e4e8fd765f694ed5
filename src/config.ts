import priceList from '../data/prices.json' with { type: 'json' }
import { z } from 'zod'
import type { ConfigFile } from './config-schema.ts'
import { ConfigError } from './config-error.ts'
import { describeIssues } from './config-issues.ts'
import { configSchema, publicUrlOf } from './config-schema.ts'
import type { KeyTemplate } from './core/key-template.ts'
import { defaultKeyTemplate, parseKeyTemplate } from './core/key-template.ts'
import type { Mirror } from './core/mirror.ts'
import { parseMirrorId } from './core/mirror.ts'
import type { Prices } from './core/prices.ts'
import { createPrices } from './core/prices.ts'
import { profileOf } from './core/profiles.ts'
import type { Upstream } from './core/upstream.ts'

/** A mirror with what sync needs to write to it. */
export type ConfiguredMirror = Mirror & { readonly store: StoreSettings; readonly holds: Holds }

/** Which of the wanted blobs a mirror is to hold. */
export type Holds = ConfigFile['mirrors'][number]['holds']

/** An upstream with what it takes to ask it. */
export type ConfiguredUpstream = Upstream & {
  /** The region it lives in, for what its bytes cost. */
  readonly region?: string | undefined
  /**
   * What the environment names of its credentials begin with; undefined: docker's config.json for
   * sync, and nobody's for serve.
   */
  readonly credentials?: string | undefined
  readonly limits: UpstreamLimits
}

/** What a sync may ask of an upstream: a second, and at once. Undefined: no limit. */
export type UpstreamLimits = ConfigFile['upstreams'][number]['limits']

/** How a bucket is reached by its S3 interface. */
export type StoreSettings = {
  readonly bucket: string
  readonly endpoint: string | undefined
  readonly forcePathStyle: boolean
  readonly signingRegion: string
  /** What the environment names of the credentials begin with; undefined: the SDK's own search. */
  readonly credentials: string | undefined
}

/** The one configured source of a client's address. */
export type ClientAddressSource =
  | { readonly kind: 'socket' }
  | { readonly kind: 'header'; readonly header: string; readonly fromRight: number }

/** Everything that can be configured, checked, with every default filled in. */
export type Config = Readonly<
  Omit<ConfigFile, '$schema' | 'upstreams' | 'mirrors' | 'regions' | 'clientAddress' | 'prices'>
> & {
  /** Longest prefix first. */
  readonly upstreams: readonly ConfiguredUpstream[]
  readonly mirrors: readonly ConfiguredMirror[]
  /** Location → mirror id or `upstream`. */
  readonly overrides: Readonly<Record<string, string>>
  readonly clientAddress: ClientAddressSource
  /** The list prices, and above them the configuration's own. */
  readonly prices: Prices
}

/**
 * Checks a configuration and fills in its defaults. `source` is what messages call it. Throws
 * ConfigError.
 */
export function parseConfig(json: unknown, source: string): Config {
  const parsed = configSchema.safeParse(json)
  const problems = [
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, json)),
    ...describeRepetitions(json),
    ...describeTargets(json),
    ...describePrices(json),
    ...(parsed.success ? [...describeGrace(parsed.data), ...describeTraffic(parsed.data)] : []),
  ]
  if (!parsed.success || problems.length > 0) throw new ConfigError(source, problems)

  const { $schema: _, regions, clientAddress, prices, ...file } = parsed.data
  return {
    ...file,
    mirrors: file.mirrors.map(configureMirror),
    upstreams: file.upstreams
      .map(configureUpstream)
      .toSorted((a, b) => b.repositories.length - a.repositories.length),
    overrides: regions,
    prices: createPrices(priceList, prices),
    clientAddress:
      clientAddress === 'socket' ? { kind: 'socket' } : { kind: 'header', ...clientAddress },
  }
}

/** The JSON Schema of nearport.json, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
}

function configureUpstream({
  profile,
  ...upstream
}: ConfigFile['upstreams'][number]): ConfiguredUpstream {
  const known = profileOf(profile)
  return {
    ...upstream,
    registry: (upstream.registry ?? known.registry)!,
    mode: upstream.mode ?? known.mode,
    cloud: upstream.cloud ?? known.cloud,
    library: known.library,
  }
}

function configureMirror(mirror: ConfigFile['mirrors'][number]): ConfiguredMirror {
  const { cloud, region } = parseMirrorId(mirror.id)!
  return {
    id: mirror.id,
    cloud,
    region,
    publicUrl: publicUrlOf(mirror)!,
    keys: parseKeyTemplate(mirror.keyTemplate ?? defaultKeyTemplate) as KeyTemplate,
    holds: mirror.holds,
    store: {
      bucket: mirror.bucket,
      endpoint: mirror.endpoint ?? (cloud === 'gcp' ? 'https://storage.googleapis.com' : undefined),
      forcePathStyle: mirror.forcePathStyle,
      signingRegion: mirror.signingRegion ?? (cloud === 'aws' ? region : 'auto'),
      credentials: mirror.credentials,
    },
  }
}

// These two read the file as it came, which may be wrong elsewhere too.

/** Ids and prefixes that are there twice. */
function describeRepetitions(json: unknown): readonly string[] {
  const ids = textsOf(json, 'mirrors', 'id')
  const prefixes = textsOf(json, 'upstreams', 'repositories', '')
  return [
    ...repeated(ids).map((at) => `mirrors[${at}].id: wanted each id once, got ${ids[at]} again`),
    ...repeated(prefixes).map(
      (at) => `upstreams[${at}].repositories: wanted each prefix once, got "${prefixes[at]}" again`,
    ),
  ]
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
