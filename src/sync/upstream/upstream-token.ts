import type { Challenge } from '../../core/challenge.ts'
import type { Credentials } from './upstream-credentials.ts'
import { basicHeader } from './upstream-credentials.ts'
import { UpstreamError } from './upstream-error.ts'
import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf, readBody, sendRequest } from './upstream-request.ts'

/** A token as it came. `livesMs` is from when it was asked for. */
export type Token = { readonly header: string; readonly livesMs: number }

export type BearerChallenge = Extract<Challenge, { readonly kind: 'bearer' }>

const largestAnswerBytes = 1024 * 1024

/** The token spec's own default. */
const usualLifeSeconds = 60

/**
 * Gets a token for a scope from where a challenge sends us: by GET, with the password where there
 * is one, or by POST with an identity token (distribution's token.md and oauth.md). Throws
 * UpstreamError.
 */
export async function fetchToken(
  { realm, service }: BearerChallenge,
  scope: string,
  credentials: Credentials | undefined,
  settings: RequestSettings,
): Promise<Token> {
  const request =
    credentials?.kind === 'identity-token'
      ? refreshRequest(realm, service, scope, credentials.token)
      : plainRequest(realm, service, scope, credentials)
  const answer = await sendRequest({ ...request, isToken: true }, settings)
  const body = await readBody(request, answer, largestAnswerBytes)
  return parseToken(body.toString(), nameOf(request))
}

/**
 * Whether a realm may be asked, with credentials. Throws UpstreamError where it may not: over plain
 * http they would be anyone's, unless the registry itself is asked so.
 */
export function checkRealm(realm: string, registry: string): void {
  const url = URL.parse(realm)
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && new URL(registry).protocol === 'http:')
  if (url !== null && isSafe && url.username + url.password === '') return
  const got = url === null ? 'no address' : `${url.protocol}//${url.host}`
  const wanted = `wanted an https address with no user as the realm of ${registry}`
  throw new UpstreamError('malformed', `${wanted}, got ${got}`)
}

function plainRequest(
  realm: string,
  service: string | undefined,
  scope: string,
  credentials: Extract<Credentials, { readonly kind: 'password' }> | undefined,
): UpstreamRequest {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.set('scope', scope)
  const headers = credentials === undefined ? {} : { authorization: basicHeader(credentials) }
  return { method: 'GET', url: url.href, headers }
}

function refreshRequest(
  realm: string,
  service: string | undefined,
  scope: string,
  token: string,
): UpstreamRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'nearport',
    scope,
    refresh_token: token,
    ...(service === undefined ? {} : { service }),
  })
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  }
}

function parseToken(text: string, name: string): Token {
  const json = jsonOf(text)
  const token = json?.['token'] || json?.['access_token']
  // What is no token may be a whole page: none of it is shown, as it may hold one.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new UpstreamError('malformed', `wanted a token from ${name}, got none`)
  }
  const life = json?.['expires_in']
  const isLife = typeof life === 'number' && life > 0
  return { header: `Bearer ${token}`, livesMs: (isLife ? life : usualLifeSeconds) * 1000 }
}

function jsonOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text)
    const isObject = typeof json === 'object' && json !== null
    return isObject ? (json as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
