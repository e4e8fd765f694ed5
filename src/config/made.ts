import priceList from '../../data/prices.json' with { type: 'json' }
import { publicUrlOf } from './public-url.ts'
import type { ConfigFile } from './schema.ts'
import type { KeyTemplate } from '../core/key-template.ts'
import { defaultKeyTemplate, parseKeyTemplate } from '../core/key-template.ts'
import type { Mirror } from '../core/mirror.ts'
import { parseMirrorId } from '../core/mirror.ts'
import { signerOfNobody } from '../core/signing/presign-signer.ts'
import type { Prices } from '../core/prices.ts'
import { createPrices } from '../core/prices.ts'
import { profileOf } from '../core/profiles.ts'
import type { Upstream } from '../core/upstream.ts'

/** A mirror with what sync needs to write to it. */
export type ConfiguredMirror = Mirror & {
  readonly store: StoreSettings
  readonly holds: Holds
  /** The day since which clients may be sent there. */
  readonly since?: string | undefined
}

/** Which of the wanted blobs a mirror is to hold. */
export type Holds = ConfigFile['mirrors'][number]['holds']

/** An upstream with what it takes to ask it. */
export type ConfiguredUpstream = Upstream & {
  /** Hosts that it sends clients to for blobs, as far as they are published. */
  readonly blobHosts?: readonly string[] | undefined
  /** The day since which clients may be sent there. */
  readonly since?: string | undefined
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
  /** How long a signed address holds, in seconds; undefined: the mirror is not private. */
  readonly urlSeconds?: number | undefined
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
 * Makes the configuration of a file that was checked, with its defaults filled in. It needs no schema,
 * which is large and slow to load: on Workers there is none.
 */
export function makeConfig(checked: ConfigFile): Config {
  const { $schema: _, regions, clientAddress, prices, ...file } = checked
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
    blobHosts: known.blobHosts,
    // By its own name its repositories have no prefix, so that by another the prefix is not its own.
    dropPrefix: upstream.dropPrefix ?? upstream.hosts.length > 0,
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
    since: mirror.since,
    // Whoever starts the service finds the credentials, and gives it a signer that has them.
    ...(mirror.private && { signer: signerOfNobody }),
    store: {
      bucket: mirror.bucket,
      endpoint: mirror.endpoint ?? (cloud === 'gcp' ? 'https://storage.googleapis.com' : undefined),
      forcePathStyle: mirror.forcePathStyle,
      signingRegion: mirror.signingRegion ?? (cloud === 'aws' ? region : 'auto'),
      credentials: mirror.credentials,
      ...(mirror.private && { urlSeconds: mirror.urlSeconds }),
    },
  }
}
