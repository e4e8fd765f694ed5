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
  /** How clients get what no mirror has; default: they are sent there. */
  readonly mode?: UpstreamMode | undefined
  /** Whether it keeps what has a name of one segment in `library/`, as Docker Hub does. */
  readonly library?: boolean | undefined
}

/**
 * `redirect`: clients are sent to the upstream, which must not want tokens of them. `relay`: we ask
 * in their place, with a token of our own, and send them on to where its blobs are.
 */
export type UpstreamMode = 'redirect' | 'relay'

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

/** A repository's name at its upstream. Of no name at all, what stands before every one. */
export function upstreamRepository(upstream: Upstream, repository: string): string {
  if (upstream.namespace !== '') return `${upstream.namespace}/${repository}`
  const isShort = upstream.library === true && repository !== '' && !repository.includes('/')
  return isShort ? `library/${repository}` : repository
}

/** The absolute URL of something in a repository, as in `…/v2/namespace/app/blobs/sha256:…`. */
export function upstreamUrl(upstream: Upstream, repository: string, rest: string): string {
  return `${upstream.registry}/v2/${upstreamRepository(upstream, repository)}/${rest}`
}
