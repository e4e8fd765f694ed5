import type { Mirror } from './mirror.ts'
import type { Upstream } from './upstream.ts'

/** A host that clients may be sent to. */
export type ClientHost = {
  /** With its port, where it is not the scheme's own; `*.` before it stands for any name under it. */
  readonly host: string
  /** What is there, as in `mirror aws/us-east-1` or `upstream registry.example`. */
  readonly what: readonly string[]
  /** The day since which clients may be sent there, as in `2026-11-26`, where the configuration says it. */
  readonly since: string | undefined
}

export type HostsOf = {
  readonly upstreams: readonly (Upstream &
    Dated & { readonly blobHosts?: readonly string[] | undefined })[]
  readonly mirrors: readonly (Pick<Mirror, 'id' | 'publicUrl'> & Dated)[]
}

type Dated = { readonly since?: string | undefined }

/**
 * Every host that a client may be sent to, for those whose firewall names them: mirrors first. Where an
 * upstream redirects blobs in its turn, the hosts that its profile knows are among them; what a registry
 * without a profile does nobody can tell. A host of several has the earliest day.
 */
export function listHosts({ upstreams, mirrors }: HostsOf): readonly ClientHost[] {
  const hosts = new Map<string, ClientHost>()
  for (const { id, publicUrl, since } of mirrors) {
    add(hosts, hostOf(publicUrl), `mirror ${id}`, since)
  }
  for (const { registry, signatures, addresses = [], blobHosts = [], since, mode } of upstreams) {
    const name = hostOf(registry)
    // In relay mode clients are sent to where its blobs are, and never to itself.
    const own = [registry, ...addresses.map((each) => each.registry), signatures ?? registry]
    if (mode !== 'relay') {
      for (const each of new Set(own)) add(hosts, hostOf(each), `upstream ${name}`, since)
    }
    for (const each of blobHosts) add(hosts, each, `blobs of ${name}`, since)
  }
  return [...hosts.values()]
}

function add(
  hosts: Map<string, ClientHost>,
  host: string,
  what: string,
  since: string | undefined,
): void {
  const known = hosts.get(host)
  const days = [known?.since, since].filter((day) => day !== undefined).toSorted()
  hosts.set(host, { host, what: [...(known?.what ?? []), what], since: days[0] })
}

function hostOf(url: string): string {
  return url.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

/** The hosts as lines of host, what is there and since when (`-`: nobody says), between tabs. */
export function hostsText(hosts: readonly ClientHost[]): string {
  return hosts
    .map(({ host, what, since = '-' }) => `${host}\t${what.join(', ')}\t${since}\n`)
    .join('')
}
