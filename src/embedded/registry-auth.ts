import type { Handler } from './observe.ts'
import { json, registryError } from './registry-answer.ts'

/** How a registry wants to know who asks. */
export type RegistryAuth = {
  /** `bearer`, the default, is token auth as distribution has it; `basic` wants the password. */
  readonly scheme?: 'bearer' | 'basic'
  /** User → password. */
  readonly users?: Readonly<Record<string, string>>
  /** Identity token → user, for the OAuth2 form of the token request. */
  readonly identityTokens?: Readonly<Record<string, string>>
  /** Whether a token is given to who says no name; true unless told otherwise. */
  readonly anonymous?: boolean
  /** Repositories that no token is for which was given to who says no name; default: none is. */
  readonly isPrivate?: (repository: string) => boolean
  /** Where tokens are had; `/token` of the registry itself unless told otherwise. */
  readonly realm?: string
  /** In the challenge and wanted in the token request; `registry.test` unless told otherwise. */
  readonly service?: string
  /** What is said and held to; 300 unless told otherwise. */
  readonly expiresInSeconds?: number
  /** The one scope of all, as public.ecr.aws has it; unless told, each repository has its own. */
  readonly scope?: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

type Issued = { readonly scopes: readonly string[]; readonly endMs: number }

/** Lets to a registry whom its auth lets. Tokens are random and known to this registry alone. */
export function withAuth(handler: Handler, auth: RegistryAuth): Handler {
  const { service = 'registry.test', now = Date.now, expiresInSeconds = 300 } = auth
  const issued = new Map<string, Issued>()

  return async (request) => {
    const url = new URL(request.url)
    if (url.pathname === '/token') return issue(request, url)
    if (auth.scheme === 'basic') {
      return userOf(request) === undefined ? refused('Basic realm="registry"') : handler(request)
    }
    const scope = auth.scope ?? scopeOf(url.pathname)
    if (isAllowed(request.headers.get('authorization'), scope)) return handler(request)
    const realm = auth.realm ?? `${url.origin}/token`
    const wanted = scope === undefined ? '' : `,scope="${scope}"`
    const isSent = request.headers.has('authorization')
    const error = isSent ? ',error="invalid_token"' : ''
    return refused(`Bearer realm="${realm}",service="${service}"${wanted}${error}`)
  }

  function isAllowed(authorization: string | null, scope: string | undefined): boolean {
    const found = issued.get(authorization?.replace(/^Bearer /, '') ?? '')
    if (found === undefined || found.endMs <= now()) return false
    return scope === undefined || found.scopes.includes(scope)
  }

  async function issue(request: Request, url: URL): Promise<Response> {
    const isForm = request.method === 'POST'
    const asked = isForm ? new URLSearchParams(await request.clone().text()) : url.searchParams
    const isKnown = isForm
      ? auth.identityTokens?.[asked.get('refresh_token') ?? ''] !== undefined
      : request.headers.has('authorization')
        ? userOf(request) !== undefined
        : auth.anonymous !== false
    if (!isKnown || asked.get('service') !== service) {
      return registryError('UNAUTHORIZED', 'no token for whoever this is')
    }
    const token = crypto.randomUUID()
    const isNamed = isForm || request.headers.has('authorization')
    // As Docker Hub does: a token for less than was asked for, and no error.
    const scopes = asked
      .getAll('scope')
      .flatMap((each) => each.split(' '))
      .filter((each) => isNamed || auth.isPrivate?.(each.split(':')[1] ?? '') !== true)
    issued.set(token, { scopes, endMs: now() + expiresInSeconds * 1000 })
    const name = isForm ? 'access_token' : 'token'
    return json({ [name]: token, expires_in: expiresInSeconds })
  }

  function userOf(request: Request): string | undefined {
    const encoded = /^Basic (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1]
    const [user = '', ...password] = atob(encoded ?? '').split(':')
    return auth.users?.[user] === password.join(':') ? user : undefined
  }
}

function refused(challenge: string): Response {
  return registryError('UNAUTHORIZED', 'who asks is to say who it is', {
    'WWW-Authenticate': challenge,
  })
}

/** What a token must allow for a path; undefined: any token will do. */
function scopeOf(path: string): string | undefined {
  if (path === '/v2/_catalog') return 'registry:catalog:*'
  const name = /^\/v2\/(.+)\/(?:blobs|manifests|referrers|tags)\//.exec(path)?.[1]
  return name === undefined ? undefined : `repository:${name}:pull`
}
