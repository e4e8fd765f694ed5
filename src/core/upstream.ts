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
  /** The region it lives in, where that is known. */
  readonly region?: string | undefined
  /** How clients get what no mirror has; default: they are sent there. */
  readonly mode?: UpstreamMode | undefined
  /** Whether it keeps what has a name of one segment in `library/`, as Docker Hub does. */
  readonly library?: boolean | undefined
  /** Whether `repositories` stands before its names only here, and not upstream. */
  readonly dropPrefix?: boolean | undefined
  /**
   * Names that clients know it by, in lower case, as they stand in Host or in containerd's `ns`:
   * whoever asks by one of them leaves `repositories` out.
   */
  readonly hosts?: readonly string[] | undefined
  /** Where else it is served, the same in every place. */
  readonly addresses?: readonly UpstreamAddress[] | undefined
  /** Scheme and host of the one place that has all signatures, attestations and referrers. */
  readonly signatures?: string | undefined
  /** What the environment names of its credentials begin with; undefined: it gets none of ours. */
  readonly credentials?: string | undefined
  /** Whether it is asked with the credentials that a client sends, and with none of ours. */
  readonly clientCredentials?: boolean | undefined
  /** Its other addresses, the nearest to the client first, where one was chosen of several. */
  readonly others?: readonly Upstream[] | undefined
}

/** One of several places that serve the same registry. */
export type UpstreamAddress = {
  /** Scheme and host, without a slash at its end. */
  readonly registry: string
  readonly cloud?: string | undefined
  readonly region?: string | undefined
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
  return upstreams.find((upstream) => answersFor(upstream, repository))
}

function answersFor({ repositories: prefix, dropPrefix }: Upstream, repository: string): boolean {
  if (prefix === '') return true
  // And not by a text made of the prefix and a slash, for each of them anew: that took three times as long.
  if (!repository.startsWith(prefix)) return false
  // Without its prefix nothing would be left of its name.
  if (repository.length === prefix.length) return dropPrefix !== true
  return repository.charCodeAt(prefix.length) === 47
}

/** A repository's name at its upstream. */
export function upstreamRepository(upstream: Upstream, repository: string): string {
  const { repositories: prefix, dropPrefix, namespace, library } = upstream
  const isDropped = dropPrefix === true && prefix !== '' && repository.startsWith(`${prefix}/`)
  const name = isDropped ? repository.slice(prefix.length + 1) : repository
  if (namespace !== '') return `${namespace}/${name}`
  return library === true && name !== '' && !name.includes('/') ? `library/${name}` : name
}

/** A repository's name here, of its name at its upstream; undefined where it is none of ours. */
export function ownRepository(upstream: Upstream, name: string): string | undefined {
  const { repositories: prefix, dropPrefix, namespace } = upstream
  const before = namespace === '' ? '' : `${namespace}/`
  if (!name.startsWith(before)) return undefined
  const rest = name.slice(before.length)
  return dropPrefix === true && prefix !== '' ? `${prefix}/${rest}` : rest
}

/** The absolute URL of something in a repository, as in `…/v2/namespace/app/blobs/sha256:…`. */
export function upstreamUrl(upstream: Upstream, repository: string, rest: string): string {
  return `${upstream.registry}/v2/${upstreamRepository(upstream, repository)}/${rest}`
}

/** The upstream as the one place that has its signatures; undefined where no place is named. */
export function signaturesOf(upstream: Upstream): Upstream | undefined {
  const { signatures: registry } = upstream
  if (registry === undefined) return undefined
  const elsewhere = { cloud: undefined, region: undefined, addresses: undefined, others: undefined }
  return { ...upstream, ...elsewhere, registry }
}
