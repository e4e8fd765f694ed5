import type { Decision } from '../core/decision.ts'
import { refuse } from '../core/error.ts'
import type { BlobRequest, ListingRequest, ManifestRequest } from '../core/request.ts'
import { relayBlob } from './relay-blob.ts'
import type { Relayed, RelayContext, RelayDeps, RelayedRequest } from './relay-context.ts'
import { relayRefusal, unavailable } from './relay-failure.ts'
import { relayListing } from './relay-listing.ts'
import { relayManifest } from './relay-manifest.ts'
import { createRoom } from './room.ts'
import { messageOf } from './upstream-fetch.ts'

export type { Relayed, RelayDeps } from './relay-context.ts'

/**
 * Asks an upstream in a client's place. Never fails: what goes wrong is an answer too. Nothing of the
 * client's but Accept and Range goes to the upstream.
 */
export type Relay = (
  request: RelayedRequest,
  decision: Extract<Decision, { action: 'relay' | 'upstream' }>,
  client: Request,
) => Promise<Relayed>

/** Makes the relay of lists, and of manifests and blobs where the upstream wants tokens. */
export function createRelay(deps: RelayDeps): Relay {
  const lists = createRoom(deps.listsAtOnce)
  const others = createRoom(deps.atOnce)

  return async (request, { upstream, reason }, client) => {
    const isList = request.kind === 'tags' || request.kind === 'referrers'
    const leave = (isList ? lists : others).enter()
    const deadline = new AbortController()
    const context: RelayContext = {
      request,
      upstream,
      reason,
      headers: client.headers,
      // A client that left wants nothing any more.
      signal: AbortSignal.any([client.signal, deadline.signal]),
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
    const relayed = await relay(context).catch((cause: unknown) => {
      // Nobody's fault, and nobody's answer.
      const told = client.signal.aborted ? {} : { error: describe(context, cause) }
      return relayRefusal(context, unavailable('the upstream registry did not answer'), told)
    })
    clearTimeout(timer)
    if (relayed.isStreamed !== true) leave()
    return relayed
  }
}

async function relay(context: RelayContext): Promise<Relayed> {
  const { request } = context
  switch (request.kind) {
    case 'tags':
    case 'referrers':
      return relayListing(context as RelayContext<ListingRequest>)
    case 'manifest':
      return relayManifest(context as RelayContext<ManifestRequest>)
    case 'blob':
      return relayBlob(context as RelayContext<BlobRequest>)
  }
}

function describe({ request, upstream }: RelayContext, cause: unknown): string {
  const what = `${request.method} of a ${request.kind} of ${request.repository}`
  return `${upstream.registry} gave no answer to a ${what}: ${messageOf(cause)}`
}
