import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf, readBody, sendRequest } from './upstream-request.ts'
import { UpstreamError } from './upstream-error.ts'

/** Artifact Registry adds every manifest to a list of tags: tens of megabytes in a big repository. */
const largestPageBytes = 64 * 1024 * 1024

/**
 * Reads a paged list to its end: each page is one JSON object. Follows `Link: <…>; rel="next"`, absolute or relative,
 * to the same host and path alone. Throws UpstreamError, also where the pages go in a circle.
 */
export async function* readPages(
  first: UpstreamRequest,
  settings: RequestSettings,
): AsyncGenerator<{
  readonly page: Readonly<Record<string, unknown>>
  readonly contentType: string
}> {
  const seen = new Set<string>()
  let url: string | undefined = first.url
  while (url !== undefined) {
    if (seen.has(url)) {
      throw new UpstreamError(
        'malformed',
        `wanted pages with an end from ${nameOf(first)}, got a circle`,
      )
    }
    seen.add(url)
    const asked: UpstreamRequest = { ...first, url }
    const answer = await sendRequest(asked, settings)
    const page = parseObject(asked, await readBody(asked, answer, largestPageBytes))
    yield { page, contentType: answer.header('content-type')?.split(';', 1)[0]?.trim() ?? '' }
    url = nextPage(asked, answer.header('link'))
  }
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
  // A registry behind a proxy may not know that it is reached by https, so the scheme is not compared, and stays ours.
  if (next === null || next.host !== own.host || next.pathname !== own.pathname) {
    const message = `wanted the next page of ${nameOf(asked)} at the same place, got ${target.slice(0, 200)}`
    throw new UpstreamError('malformed', message)
  }
  return `${own.origin}${own.pathname}${next.search}`
}
