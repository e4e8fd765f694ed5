import type { Policy } from './policy.ts'
import type { Upstream } from './upstream.ts'

/**
 * The policy for a request, by the names it was asked by: its Host (with or without a port, as it
 * came) and containerd's `ns`. Both only choose among names that the configuration lists.
 */
export type NamedPolicy = (host: () => string, ns: string | undefined) => Policy

/**
 * Gives each name that an upstream lists (`hosts`) the names of that upstream's repositories, with
 * nothing before them. Every other Host has all repositories by their prefixes. An `ns` that no
 * upstream lists has none, as soon as any lists one: what is asked of a registry that is not ours
 * must not be answered with another's image of that name. Where none lists any, names do not matter
 * and none is looked at.
 */
export function createNamedPolicy(policy: Policy): NamedPolicy {
  const byName = new Map<string, Policy>()
  for (const upstream of policy.upstreams) {
    const only = { ...policy, upstreams: [asWhole(upstream)], within: upstream.repositories }
    for (const name of upstream.hosts ?? []) byName.set(name, only)
  }
  if (byName.size === 0) return () => policy

  const foreign = { ...policy, upstreams: [] }
  const find = (name: string) => byName.get(name) ?? byName.get(withoutPort(name))
  return (host, ns) => {
    const name = host().toLowerCase()
    if (ns === undefined || ns === '' || ns === name) return find(name) ?? policy
    return find(ns) ?? foreign
  }
}

/** An upstream that answers for every name there is, as for the same with its prefix. */
function asWhole(upstream: Upstream): Upstream {
  const { repositories: prefix, dropPrefix, namespace } = upstream
  const before = dropPrefix === true ? [namespace] : [namespace, prefix]
  return {
    ...upstream,
    repositories: '',
    namespace: before.filter((each) => each !== '').join('/'),
  }
}

function withoutPort(name: string): string {
  return name.replace(/:\d{1,5}$/, '')
}
