/** A registry that owns images. */
export type Upstream = {
  /** The prefix of repository names it answers for, whole segments; empty is all. */
  readonly repositories: string
  /** Scheme and host, without a slash at its end. */
  readonly registry: string
  /** Put before a repository's name upstream; empty for none. */
  readonly namespace: string
  /** The cloud it lives in: clients there stay there. */
  readonly cloud?: string | undefined
}

/** The upstream that answers for a repository. `upstreams` come longest prefix first. */
export function upstreamOf(
  upstreams: readonly Upstream[],
  repository: string,
): Upstream | undefined {
  return upstreams.find(
    ({ repositories: prefix }) =>
      prefix === '' || repository === prefix || repository.startsWith(`${prefix}/`),
  )
}

/** A repository's name at its upstream. */
export function upstreamRepository(upstream: Upstream, repository: string): string {
  return upstream.namespace === '' ? repository : `${upstream.namespace}/${repository}`
}

/** The absolute URL of something in a repository, as in `…/v2/namespace/app/blobs/sha256:…`. */
export function upstreamUrl(upstream: Upstream, repository: string, rest: string): string {
  return `${upstream.registry}/v2/${upstreamRepository(upstream, repository)}/${rest}`
}
