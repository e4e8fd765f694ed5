import type { Answer, Ask } from './ask.ts'
import { jsonOf } from './want.ts'

/** A list of tags as it came; what is not as it should be is `undefined`. */
export type TagList = { readonly name?: unknown; readonly tags?: unknown }

const mostPages = 50

/**
 * Reads a list to its end: a page, and wherever its Link leads, as clients do. Throws when there is
 * no end, or a page is not 200.
 */
export async function walkPages(ask: Ask, path: string): Promise<readonly Answer[]> {
  const pages: Answer[] = []
  let next: string | undefined = path
  while (next !== undefined) {
    if (pages.length === mostPages)
      throw new Error(`${path}: wanted an end, got ${mostPages} pages`)
    const answer: Answer = await ask('GET', next)
    if (answer.status !== 200) throw new Error(`${next}: wanted 200, got ${answer.status}`)
    pages.push(answer)
    const target = nextOf(answer)
    // Docker and containers/image ask the host they asked before, whatever the link says.
    if (target === undefined) return pages
    const url = new URL(target, answer.url)
    next = url.pathname + url.search
  }
  return pages
}

/**
 * Where a Link with `rel="next"` leads, as it stands there (RFC 8288 §3; RFC 5988 before it).
 * Undefined without a Link. Throws when there is one that is not of this form.
 */
export function nextOf({ headers }: Answer): string | undefined {
  const link = headers.get('link')
  if (link === null) return undefined
  const target = /^\s*<([^>]+)>\s*;(?:[^,]*;)?\s*rel="?next"?\s*(?:;[^,]*)?$/i.exec(link)?.[1]
  if (target === undefined) throw new Error(`wanted a Link with rel="next", got ${link}`)
  return target
}

/** The tags on a page; undefined where the answer is no list of tags. */
export function tagsOn(answer: Answer): readonly string[] | undefined {
  const { tags } = Object(jsonOf(answer)) as TagList
  // An empty list is null in Go's own words.
  if (tags === null) return []
  if (!Array.isArray(tags)) return undefined
  return tags.every((tag) => typeof tag === 'string') ? tags : undefined
}

/** The descriptors on a page of referrers; undefined where the answer is no index. */
export function descriptorsOn(answer: Answer): readonly object[] | undefined {
  const { manifests } = Object(jsonOf(answer)) as { readonly manifests?: unknown }
  return Array.isArray(manifests) ? (manifests as readonly object[]) : undefined
}
