import type { Cloud } from './location.ts'
import type { UpstreamMode } from './upstream.ts'

/** What a registry that many know is like, so that nobody needs to write it. */
export type Profile = {
  /** Scheme and host, where it has one for everybody. */
  readonly registry?: string
  readonly mode: UpstreamMode
  /** Whether names of one segment are in `library/`. */
  readonly library?: boolean
  /** Hosts that it sends clients to for blobs, as far as they are published; `*.` is any name under it. */
  readonly blobHosts?: readonly string[]
  /** Where it lives, where that is one cloud: callers there stay there. */
  readonly cloud?: Cloud
}

/**
 * Registries by name. A registry that answers anyone without a token is `redirect`, which costs us
 * nothing and spends no limit of ours; one that wants a token even for what is public is `relay`,
 * for only clients of containerd's family would get over a redirect to it.
 */
export const profiles = {
  // hub.docker.com names its images docker.io, and serves its API here. 401 without a token.
  // Its blobs' hosts are those of Docker's allow-list.
  'docker-hub': {
    registry: 'https://registry-1.docker.io',
    mode: 'relay',
    library: true,
    blobHosts: [
      'production.cloudflare.docker.com',
      'production.cloudfront.docker.com',
      '*.r2.cloudflarestorage.com',
    ],
  },
  // 401 without a token; blobs are on a CDN (distribution-spec#299).
  ghcr: {
    registry: 'https://ghcr.io',
    mode: 'relay',
    blobHosts: ['pkg-containers.githubusercontent.com'],
  },
  // Public repositories want no token (quay's require_repo_read(allow_public)). Its blobs come from a
  // CDN, or to callers in AWS from S3 in one region: no reason to keep those from a mirror in theirs.
  quay: {
    registry: 'https://quay.io',
    mode: 'redirect',
    blobHosts: ['*.quay.io', '*.s3.amazonaws.com'],
  },
  // 401 without a token of the one scope `aws`, and 401 to a blob's HEAD even with it
  // (distribution#4383).
  'ecr-public': {
    registry: 'https://public.ecr.aws',
    mode: 'relay',
    cloud: 'aws',
    blobHosts: ['*.cloudfront.net'],
  },
  // Public repositories want no token (registry.k8s.io stands before one). One host a region:
  // https://REGION-docker.pkg.dev.
  'artifact-registry': { mode: 'redirect', cloud: 'gcp' },
  // The same, at its old name; https://eu.gcr.io and its sisters are said beside it.
  gcr: { registry: 'https://gcr.io', mode: 'redirect', cloud: 'gcp' },
  mcr: {
    registry: 'https://mcr.microsoft.com',
    mode: 'redirect',
    cloud: 'azure',
    blobHosts: ['*.data.mcr.microsoft.com'],
  },
  // It chooses by the caller's own address: relayed, every client would get what is near to us.
  'registry-k8s-io': {
    registry: 'https://registry.k8s.io',
    mode: 'redirect',
    blobHosts: ['*.pkg.dev', '*.amazonaws.com'],
  },
  // One's own; it wants a token for public projects too.
  harbor: { mode: 'relay' },
  // Whatever speaks the distribution spec, with a token or without.
  generic: { mode: 'relay' },
} as const satisfies Readonly<Record<string, Profile>>

export type ProfileName = keyof typeof profiles

/** Every name, in the order of the table. */
export const profileNames = Object.keys(profiles) as readonly ProfileName[]

/** What a name stands for; with no name, a registry of which nothing is known but its address. */
export function profileOf(name: ProfileName | undefined): Profile {
  return name === undefined ? { mode: 'redirect' } : profiles[name]
}
