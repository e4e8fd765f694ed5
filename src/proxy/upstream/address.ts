import { isPrivateHost } from '../../core/private-host.ts'

export { isPrivateHost }

/** What an upstream may lead us to besides itself. */
export type AddressRules = {
  /** The upstream's own scheme and host. */
  readonly registry: string
  /** Hosts, with or without a port, that may be asked for tokens although they are private. */
  readonly realms: ReadonlySet<string>
}

/**
 * Why an address that an upstream named, as the realm of its tokens or as where to go on, is not one
 * to be asked; undefined: it may. Whoever controls an upstream would else make us ask whatever only
 * we can reach, or send a password in plain text. What a name resolves to
 * is not seen here: on Node `createGuardedFetch` sees it.
 */
export function addressProblem(url: URL | null, rules: AddressRules): string | undefined {
  const registry = new URL(rules.registry)
  const wanted = `wanted an https address for anyone, with no user, from ${rules.registry}`
  if (url === null) return `${wanted}, got no address`
  const got = `${url.protocol}//${url.host}`
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && registry.protocol === 'http:')
  if (!isSafe || url.username + url.password !== '') return `${wanted}, got ${got}`
  if (!isPrivateHost(url.hostname) || isPrivateHost(registry.hostname)) return undefined
  if (rules.realms.has(url.host) || rules.realms.has(url.hostname)) return undefined
  return `${wanted}, got ${got}: relay.realms may name it`
}
