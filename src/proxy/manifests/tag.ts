import type { Accepted } from '../../core/accept.ts'
import { accepts, readAccept } from '../../core/accept.ts'
import type { ManifestRequest } from '../../core/request.ts'
import { answerManifest, staleWarning } from './answer.ts'
import { askTag } from './ask-tag.ts'
import type { ManifestDeps, ToldManifest } from './deps.ts'
import { answerTold, sharedContext } from './deps.ts'
import type { Place } from './memory.ts'
import { placeOf } from './memory.ts'
import { isDown } from './read.ts'
import type { Relayed, RelayContext } from '../relay/context.ts'
import { relayManifest } from '../relay/manifest.ts'
import { messageOf } from '../upstream/fetch.ts'

/** While its upstream is down, a tag is asked for by one request in so many milliseconds. */
const pauseMs = 5000

/** Statuses by which an upstream says that there is no such tag, or not for us. */
const noes: ReadonlySet<number> = new Set([401, 403, 404, 410])

/** One tag, as one kind of client asks for it. */
type AskedFor = {
  readonly tag: string
  readonly method: string
  readonly place: Place
  readonly accepted: Accepted
}

/** The answer that needs no asking: a tag that is fresh, or that was asked for in vain just now. */
export function knownTag(asked: AskedFor, deps: ManifestDeps): Relayed | undefined {
  const { tag, method, place, accepted } = asked
  const { memory, tagMs, now } = deps
  const seen = memory.findTag(place, tag, accepted)
  if (seen === undefined) return undefined
  if (now() - seen.seenMs < tagMs) {
    const manifest = memory.find(place, seen.digest)
    if (manifest === undefined || !accepts(accepted, manifest.mediaType)) return undefined
    const response = answerManifest(manifest, method, 'known-manifest')
    return { response, reason: 'known-manifest', source: 'memory' }
  }
  const { failed } = seen
  const isPause = failed !== undefined && now() - failed.atMs < pauseMs
  return isPause ? giveStale(asked, failed.why, deps) : undefined
}

/**
 * Asks the upstream for a tag, and keeps what it says. Where it is down, what the tag was is given,
 * with a warning, as long as that is not too old; a no of the upstream's ends that.
 */
export async function relayByTag(
  context: RelayContext<ManifestRequest>,
  deps: ManifestDeps,
): Promise<Relayed> {
  const { request, upstream, headers, left } = context
  const { memory } = deps
  const { reference: tag, method } = request
  const place = placeOf(upstream, request.repository)
  const accepted = readAccept(headers.get('accept'))
  const asked = { tag, method, place, accepted }
  const before = memory.findTag(place, tag, accepted)
  // Those who come meanwhile need not wait for what this one learns.
  if (before?.failed !== undefined) noteFailure(asked, before.failed.why, deps)

  let isOwn = false
  let told: ToldManifest
  try {
    told = await ask()
  } catch (cause) {
    const stale = left.aborted ? undefined : failTo('the upstream did not answer')
    if (stale === undefined) throw cause
    return { ...stale, error: `${upstream.registry} gave no answer for a tag: ${messageOf(cause)}` }
  }
  if (told.kind === 'not to be kept') return relayManifest(context)
  if (told.kind === 'failed' && isDown(told.status)) {
    const stale = failTo(`the upstream answered ${told.status}`)
    const { error = '' } = told.relayed
    if (stale !== undefined) return { ...stale, error }
  }
  if (told.kind === 'failed' && noes.has(told.status)) memory.forgetTag(place, tag, accepted)
  return answerTold(told, request, isOwn)

  function ask(): Promise<ToldManifest> {
    const asking = { context, place, accepted, before: before?.digest, deps }
    const askNow = (own: typeof asking) => {
      isOwn = true
      return askTag(own)
    }
    // Only where a tag may be a little old may one be told what another asked for a little before.
    if (deps.tagMs === 0) return askNow(asking)
    const key = `${method} ${place}:${tag} ${headers.get('accept') ?? ''}`
    return deps.coalesce(key, () => askNow({ ...asking, context: sharedContext(context) }))
  }

  function failTo(why: string): Relayed | undefined {
    noteFailure(asked, why, deps)
    return giveStale(asked, why, deps)
  }
}

function noteFailure({ place, tag, accepted }: AskedFor, why: string, deps: ManifestDeps): void {
  const seen = deps.memory.findTag(place, tag, accepted)
  if (seen === undefined) return
  deps.memory.keepTag(place, tag, accepted, { ...seen, failed: { atMs: deps.now(), why } })
}

/** What a tag was when it was seen last; undefined: that is too long ago, or no longer kept. */
function giveStale(
  { tag, method, place, accepted }: AskedFor,
  why: string,
  { memory, staleMs, now }: ManifestDeps,
): Relayed | undefined {
  const seen = memory.findTag(place, tag, accepted)
  const manifest = seen && memory.find(place, seen.digest)
  if (seen === undefined || manifest === undefined) return undefined
  if (now() - seen.seenMs >= staleMs || !accepts(accepted, manifest.mediaType)) return undefined
  const response = answerManifest(manifest, method, 'stale', staleWarning(seen, why))
  return { response, reason: 'stale', source: 'stale' }
}
