/**
 * The token that a client gets where none is wanted: some ask for one because another repository
 * behind the same name wants it. Nobody upstream is shown it.
 */
export const worthlessToken = 'anonymous'

/** What a client says of who it is, for the upstream that knows; undefined: it says nothing. */
export function clientAuthorization(headers: Headers): string | undefined {
  const authorization = headers.get('authorization') ?? ''
  const isWorthless = /^bearer (.*)$/i.exec(authorization)?.[1] === worthlessToken
  return authorization === '' || isWorthless ? undefined : authorization
}

/** The same, where it is a user and a password. */
export function clientPassword(headers: Headers): string | undefined {
  const authorization = clientAuthorization(headers)
  return authorization !== undefined && /^basic /i.test(authorization) ? authorization : undefined
}
