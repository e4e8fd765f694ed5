/** How a registry wants to be asked, of the two ways that registries know. */
export type Challenge =
  | {
      readonly kind: 'bearer'
      readonly realm: string
      readonly service: string | undefined
      readonly scope: string | undefined
      /** What was wrong with the token that was sent, in a word of RFC 6750 §3.1. */
      readonly error: string | undefined
    }
  | { readonly kind: 'basic' }

/**
 * The challenges of a WWW-Authenticate header that are Bearer (with a realm) or Basic, in their
 * order (RFC 9110 §11.6.1: several may share one header, and commas part both challenges and
 * parameters). What is malformed ends the reading; what came before it counts.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: Challenge[] = []
  let at = 0

  while (at < header.length) {
    skip(commas)
    const scheme = take(token)
    if (scheme === undefined) break
    const parameters = readParameters()
    const challenge = challengeOf(scheme.toLowerCase(), parameters)
    if (challenge !== undefined) challenges.push(challenge)
  }
  return challenges

  function readParameters(): ReadonlyMap<string, string> {
    const parameters = new Map<string, string>()
    // Some schemes have one bare value in the place of parameters.
    if (take(bareValue) !== undefined) return parameters
    for (;;) {
      const before = at
      skip(commas)
      const name = take(parameterName)
      // A token that no = follows is the scheme of the next challenge.
      if (name === undefined) {
        at = before
        return parameters
      }
      const value = take(quoted) ?? take(token)
      if (value === undefined) {
        at = header.length
        return parameters
      }
      const key = name.slice(0, name.search(/[ \t=]/)).toLowerCase()
      // The first counts, as a name may be there once.
      if (!parameters.has(key)) parameters.set(key, unquote(value))
    }
  }

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const text = pattern.exec(header)?.[0]
    if (text !== undefined) at += text.length
    return text
  }

  function skip(pattern: RegExp): void {
    take(pattern)
  }
}

const commas = /[ \t,]*/y
const token = /[!#$%&'*+.^_`|~\w-]+/y
const parameterName = /[!#$%&'*+.^_`|~\w-]+[ \t]*=[ \t]*/y
const quoted = /"(?:[^"\\]|\\.)*"/sy
/** A token68: it fills the rest of its challenge, up to the comma. */
const bareValue = / +[\w.~+/-]+=*[ \t]*(?=,|$)/y

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value
}

function challengeOf(
  scheme: string,
  parameters: ReadonlyMap<string, string>,
): Challenge | undefined {
  if (scheme === 'basic') return { kind: 'basic' }
  const realm = parameters.get('realm')
  if (scheme !== 'bearer' || realm === undefined) return undefined
  return {
    kind: 'bearer',
    realm,
    service: parameters.get('service'),
    scope: parameters.get('scope'),
    error: parameters.get('error'),
  }
}
