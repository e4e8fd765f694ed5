import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf, readBody, sendRequest } from './upstream-request.ts'
import { UpstreamError } from './upstream-error.ts'

/**
 * Artifact Registry adds every manifest to a list of tags: tens of megabytes in a big repository.
 */
const largestPageBytes = 64 * 1024 * 1024

/** A million tags at a hundred a page. */
const usualMostPages = 10_000

/** One page, and the media type it came as. */
export type Page = {
  readonly page: Readonly<Record<string, unknown>>
  readonly contentType: string
}

/**
 * Reads a paged list to its end: each page is one JSON object. `take` gets each, and returns how
 * many entries were new in it, or `stop` where the rest is not wanted. Follows `Link: <…>;
 * rel="next"`, absolute or relative, to the same host and path alone. Throws UpstreamError, also
 * where the pages have no end: one that brings nothing new names a next.
 */
export async function readPages(
  first: UpstreamRequest,
  settings: RequestSettings,
  take: (page: Page) => number | 'stop',
  mostPages = usualMostPages,
): Promise<void> {
  let url: string | undefined = first.url
  for (let pages = 1; url !== undefined; pages++) {
    const asked: UpstreamRequest = { ...first, url }
    const answer = await sendRequest(asked, settings)
    const page = parseObject(asked, await readBody(asked, answer, largestPageBytes))
    const contentType = answer.header('content-type')?.split(';', 1)[0]?.trim() ?? ''
    const taken = take({ page, contentType })
    if (taken === 'stop') return
    url = nextPage(asked, answer.header('link'))
    if (url !== undefined && taken === 0) throw endless(first, 'a page that adds nothing')
    if (url !== undefined && pages === mostPages) throw endless(first, `more than ${mostPages}`)
  }
}

function endless(first: UpstreamRequest, got: string): UpstreamError {
  return new UpstreamError(
    'malformed',
    `wanted pages with an end from ${nameOf(first)}, got ${got}`,
  )
}

function parseObject(asked: UpstreamRequest, body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(body.toString())
    if (typeof json === 'object' && json !== null) return json as Readonly<Record<string, unknown>>
  } catch {
    // Said below, in the same words.
  }
  const got = JSON.stringify(body.toString('utf8', 0, 60))
  throw new UpstreamError('malformed', `wanted a JSON object from ${nameOf(asked)}, got ${got}`)
}

function nextPage(asked: UpstreamRequest, link: string | undefined): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined) return undefined
  const own = new URL(asked.url)
  const next = URL.parse(target, asked.url)
  // A registry behind a proxy may not know that it is reached by https, so the scheme is not
  // compared, and stays ours.
  if (next === null || next.host !== own.host || next.pathname !== own.pathname) {
    const message = `wanted the next page of ${nameOf(asked)} at the same place, got ${target.slice(0, 200)}`
    throw new UpstreamError('malformed', message)
  }
  return `${own.origin}${own.pathname}${next.search}`
}
