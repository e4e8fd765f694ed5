import type { Refusal } from './error.ts'
import { quote, refuse } from './error.ts'
import { repositoryGrammar } from './request.ts'

/** Which repositories a token is to be for. */
export type PullScopes = { readonly kind: 'scopes'; readonly repositories: readonly string[] }

/** More than this no client asks of one token. */
const mostRepositories = 16

/**
 * The repositories that a token is asked for pulling from, the one that is meant first: of a query as
 * in `?service=…&scope=repository:team/app:pull,push` (distribution's token.md and scope.md). What
 * else is in it, other actions and other kinds of resource, is left out, as a token may be for less
 * than was asked for. A text that is no repository's name is refused.
 */
export function readPullScopes(query: string): PullScopes | Refusal {
  const names = new Set<string>()
  for (const scope of scopesIn(query)) {
    const [, name, actions] = /^repository:(.*):([^:]*)$/s.exec(scope) ?? []
    if (name === undefined || !actions!.split(',').includes('pull')) continue
    if (name.length > 255 || !repositoryGrammar.test(name)) {
      const wanted = 'wanted a scope as in repository:team/app:pull'
      return refuse('NAME_INVALID', `${wanted}, got ${quote(scope)}`)
    }
    names.add(name)
  }
  if (names.size > mostRepositories) {
    const wanted = `wanted scopes of ${mostRepositories} repositories at most`
    return refuse('UNSUPPORTED', `${wanted}, got ${names.size}`, 400)
  }
  // Where containerd comes with a prefix in its hosts.toml, it asks for the name that it knows beside
  // the one that we challenged it with, which ends in the other.
  const [longest = '', ...others] = [...names].toSorted((a, b) => b.length - a.length)
  if (longest === '') return { kind: 'scopes', repositories: [] }
  const more = others.filter((name) => !longest.endsWith(`/${name}`))
  return { kind: 'scopes', repositories: [longest, ...more] }
}

/** The scope of pulling from a repository. */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`
}

/** Scopes may be there several times, and several may be in one, parted by spaces. */
function scopesIn(query: string): readonly string[] {
  return query
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => pair.startsWith('scope='))
    .flatMap((pair) => decode(pair.slice('scope='.length)).split(' '))
}

/** A value of a form; one that is no UTF-8 stays as it is, and is no scope then. */
function decode(value: string): string {
  const spaced = value.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
