import type { Accepted } from '../../core/accept.ts'
import { isManifestType } from '../../core/accept.ts'
import type { Digest } from '../../core/digest.ts'
import { parseDigest } from '../../core/digest.ts'
import type { ManifestRequest } from '../../core/request.ts'
import type { ManifestDeps, ToldManifest } from './deps.ts'
import type { Place } from './memory.ts'
import { isDown, isSchema1, readManifest, statusOf } from './read.ts'
import type { RelayContext, UpstreamAnswer } from '../relay/context.ts'
import { relayFailure } from '../relay/failure.ts'
import { askManifest, lacksHead, relayAnswer } from '../relay/manifest.ts'
import { discard } from '../upstream/fetch.ts'

/** A tag that is to be asked for. */
export type AskedTag = {
  readonly context: RelayContext<ManifestRequest>
  readonly place: Place
  readonly accepted: Accepted
  /** The digest that it had last. */
  readonly before: Digest | undefined
  readonly deps: ManifestDeps
}

/**
 * Asks the upstream what a tag is, and notes it. A manifest that is kept need not be sent again, so a
 * HEAD comes first where the tag's was: registries that count pulls count the GETs. Throws where
 * there is no answer.
 */
export async function askTag(asked: AskedTag): Promise<ToldManifest> {
  const { context, place, before, deps } = asked
  const isHead = context.request.method === 'HEAD'
  const askedMs = deps.now()
  if (isHead || (before !== undefined && deps.memory.find(place, before) !== undefined)) {
    const told = await askHead(asked, isHead, askedMs)
    if (told !== undefined) return told
  }
  const read = await readManifest(context)
  if (read.kind === 'read') {
    const { digest, mediaType } = read.manifest
    deps.memory.keep(place, read.manifest)
    note(asked, digest, mediaType, askedMs)
  }
  return read
}

/** Undefined: it did not tell enough, and the GET will. */
async function askHead(
  asked: AskedTag,
  isHead: boolean,
  askedMs: number,
): Promise<ToldManifest | undefined> {
  const { context, place, deps } = asked
  const head = await askManifest('HEAD', context)
  const status = statusOf(head)
  if (isDown(status)) {
    return { kind: 'failed', status, relayed: await relayFailure(context, head) }
  }
  const digest = digestOf(head)
  const manifest = digest && deps.memory.find(place, digest)
  if (manifest !== undefined && head.kind === 'answered') {
    discard(head.response)
    note(asked, manifest.digest, manifest.mediaType, askedMs)
    const warning = head.response.headers.get('warning')
    return { kind: 'known', manifest, warning, source: 'memory' }
  }
  if (isHead && !lacksHead(head, context.request)) {
    const relayed = await relayAnswer(head, context)
    if (status !== 200) return { kind: 'failed', status, relayed }
    // Its bytes come with the GET by digest that follows.
    if (digest !== undefined) note(asked, digest, typeOf(head), askedMs)
    return { kind: 'passed on', relayed }
  }
  if (head.kind === 'answered') discard(head.response)
  return undefined
}

/** A type that an Accept is not known to take or refuse may be another's answer by mistake. */
function note(asked: AskedTag, digest: Digest, mediaType: string, seenMs: number): void {
  const { context, place, accepted, deps } = asked
  if (!isManifestType(mediaType) || isSchema1(mediaType)) return
  deps.memory.keepTag(place, context.request.reference, accepted, { digest, seenMs })
}

function digestOf(answer: UpstreamAnswer): Digest | undefined {
  if (answer.kind === 'refused' || answer.response.status !== 200) return undefined
  return parseDigest(answer.response.headers.get('docker-content-digest') ?? '')
}

function typeOf(answer: UpstreamAnswer): string {
  return (answer.kind === 'answered' && answer.response.headers.get('content-type')) || ''
}
