import type { Decision } from '../../core/decision.ts'
import { refuse } from '../../core/error.ts'
import type { BlobRequest, ListingRequest, ManifestRequest } from '../../core/request.ts'
import type { Mirror } from '../../core/mirror.ts'
import type { KeptManifests } from '../manifests/kept.ts'
import { relayBlob } from './blob.ts'
import type { Relayed, RelayContext, RelayDeps, RelayedRequest } from './context.ts'
import { relayRefusal, unavailable } from './failure.ts'
import { relayListing } from './listing.ts'
import { relayManifest } from './manifest.ts'
import { createRoom } from './room.ts'
import { messageOf } from '../upstream/fetch.ts'

export type { Relayed, RelayDeps } from './context.ts'

/** What a relayed answer says of itself, for the event. */
export type Told = Pick<Relayed, 'reason' | 'source'>

/**
 * Asks an upstream in a client's place. Never fails: what goes wrong is an answer too. Nothing of the
 * client's but Accept, Range and If-Range goes to the upstream.
 */
export type Relay = (
  request: RelayedRequest,
  decision: Extract<Decision, { action: 'relay' | 'upstream' }>,
  client: Request,
) => Relayed | Promise<Relayed>

/** Makes the relay of lists, and of manifests and blobs where the upstream wants tokens. */
export function createRelay(deps: RelayDeps, manifests?: KeptManifests): Relay {
  const lists = createRoom(deps.listsAtOnce)
  const others = createRoom(deps.atOnce)

  return (request, decision, client) => {
    const isKept = request.kind === 'manifest' && decision.action === 'relay'
    const known = isKept ? manifests?.find(request, decision.upstream, client.headers) : undefined
    return known ?? relayNow(request, decision, client)
  }

  async function relayNow(...[request, decision, client]: Parameters<Relay>): Promise<Relayed> {
    const { upstream, reason } = decision
    const isList = request.kind === 'tags' || request.kind === 'referrers'
    const leave = (isList ? lists : others).enter()
    const deadline = new AbortController()
    const context: RelayContext = {
      request,
      upstream,
      reason,
      headers: client.headers,
      url: client.url,
      // A client that left wants nothing any more.
      signal: AbortSignal.any([client.signal, deadline.signal]),
      left: client.signal,
      held: lists,
      onEnd: () => leave?.(),
      deps,
    }
    // An upstream that leads back to us would be asked by every request it asks.
    if (client.headers.get('via')?.includes(deps.name) === true) {
      leave?.()
      const refusal = refuse('NAME_UNKNOWN', 'this registry is its own upstream')
      const error = 'the upstream leads back here: see its registry in the configuration'
      return relayRefusal(context, refusal, { error })
    }
    if (leave === undefined) {
      const what = isList ? 'lists' : 'manifests and blobs'
      const error = `${isList ? deps.listsAtOnce : deps.atOnce} ${what} are under way`
      const refusal = unavailable(`too many ${what} are asked for at once`)
      return relayRefusal(context, refusal, { error })
    }

    const late = new Error(`no answer came in ${deps.timeoutMs} ms`)
    const timer = setTimeout(() => deadline.abort(late), deps.timeoutMs)
    const relayed = await relay(context, decision, manifests).catch((cause: unknown) => {
      // Nobody's fault, and nobody's answer.
      const told = client.signal.aborted ? {} : { error: describe(context, cause) }
      return relayRefusal(context, unavailable('the upstream registry did not answer'), told)
    })
    clearTimeout(timer)
    if (relayed.isStreamed !== true) leave()
    return relayed
  }
}

async function relay(
  context: RelayContext,
  decision: Parameters<Relay>[1],
  manifests: KeptManifests | undefined,
): Promise<Relayed> {
  const { request } = context
  switch (request.kind) {
    case 'tags':
    case 'referrers':
      return relayListing(context as RelayContext<ListingRequest>)
    case 'manifest':
      return decision.action === 'relay' && manifests !== undefined
        ? manifests.relay(context as RelayContext<ManifestRequest>, mirrorOf(decision))
        : relayManifest(context as RelayContext<ManifestRequest>)
    case 'blob':
      return relayBlob(context as RelayContext<BlobRequest>)
  }
}

/** The mirror that may hold a manifest. */
function mirrorOf(decision: Extract<Decision, { action: 'relay' }>): Mirror | undefined {
  return decision.reason === 'manifest' ? decision.mirror : undefined
}

function describe({ request, upstream }: RelayContext, cause: unknown): string {
  const what = `${request.method} of a ${request.kind} of ${request.repository}`
  return `${upstream.registry} gave no answer to a ${what}: ${messageOf(cause)}`
}
