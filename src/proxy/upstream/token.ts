import type { Challenge } from '../../core/challenge.ts'
import { readBounded } from '../read-bounded.ts'
import type { Send } from './fetch.ts'
import { discard, sendTwice } from './fetch.ts'

/** Who we are to an upstream, where it is not anyone. */
export type Credentials = { readonly user: string; readonly password: string }

export type BearerChallenge = Extract<Challenge, { readonly kind: 'bearer' }>

/** What a token server said; `livesMs` is from when it was asked. */
export type TokenAnswer =
  | {
      readonly kind: 'token'
      readonly header: string
      readonly livesMs: number
      /** When it was made, as its server said (RFC 3339). */
      readonly issuedAt: string | undefined
    }
  | {
      readonly kind: 'no-token'
      readonly status: number
      readonly retryAfter: string | undefined
    }

export type TokenDeps = { readonly send: Send; readonly timeoutMs: number }

const largestAnswerBytes = 1024 * 1024
/** What the token spec takes where nothing is said (distribution's token.md). */
const usualLifeSeconds = 60

/**
 * Asks a challenge's realm for a token of scopes, with an Authorization where there is one. What it
 * says is an answer; throws where it says nothing that can be read. No error holds the token.
 */
export async function fetchToken(
  { realm, service }: Pick<BearerChallenge, 'realm' | 'service'>,
  scopes: readonly string[],
  authorization: string | undefined,
  deps: TokenDeps,
): Promise<TokenAnswer> {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const answer = await sendTwice(deps.send, url.href, {
    // Who stands behind a redirect was not checked, and would get the password.
    redirect: 'manual',
    headers: {
      accept: 'application/json',
      'user-agent': 'nearport',
      ...(authorization === undefined ? {} : { authorization }),
    },
    // Not the client's signal: others may wait for this token.
    signal: AbortSignal.timeout(deps.timeoutMs),
  })
  if (answer.status !== 200) {
    discard(answer)
    const retryAfter = answer.headers.get('retry-after') ?? undefined
    return { kind: 'no-token', status: answer.status, retryAfter }
  }
  const limits = { maxBytes: largestAnswerBytes, idleMs: deps.timeoutMs }
  return readToken(await readBounded(answer, limits), url)
}

/** The Authorization of a user and a password (RFC 7617, in UTF-8). */
export function basicHeader({ user, password }: Credentials): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`)
  return `Basic ${btoa(String.fromCharCode(...bytes))}`
}

function readToken(bytes: Uint8Array, url: URL): TokenAnswer {
  const json = parseObject(new TextDecoder().decode(bytes))
  const token = json['token'] || json['access_token']
  // What is no token is not shown: it may hold one.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new Error(`wanted a token from ${url.origin}${url.pathname}, got none`)
  }
  const life = json['expires_in']
  const seconds = typeof life === 'number' && life > 0 ? life : usualLifeSeconds
  const issued = json['issued_at']
  const isTime = typeof issued === 'string' && /^[0-9T:.+Zz-]{20,40}$/.test(issued)
  const issuedAt = isTime ? issued : undefined
  return { kind: 'token', header: `Bearer ${token}`, livesMs: seconds * 1000, issuedAt }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text)) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}
