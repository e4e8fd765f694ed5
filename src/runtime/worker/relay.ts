import type { Config } from '../../config.ts'
import type { RelayDeps } from '../../proxy/relay/relay.ts'
import type { ConfiguredRelay } from '../relay.ts'
import { createConfiguredRelay } from '../relay.ts'

/** An isolate has 128 MB for everything, an index among it. */
const mostManifestBytes = 24 * 1024 * 1024

/**
 * The relay on Workers, as configured. `name` is the deployment's own in `Via`, the same in every
 * isolate: one of them may get what another sent. Throws where credentials are not in the environment.
 */
export function createWorkerRelay(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  health: RelayDeps['health'],
): ConfiguredRelay {
  const { relay, passThrough } = createConfiguredRelay(config, env, {
    name,
    health,
    // Each request asks for itself: what another's asks may never be answered.
    flights: () => (_key, run) => run(),
    // Places taken by a request that was cut off would never be given back. The platform has limits of
    // its own for what one isolate is given at once.
    listsAtOnce: Infinity,
    atOnce: Infinity,
    mostManifestBytes,
  })
  return {
    passThrough,
    async relay(request, decision, client) {
      const relayed = await relay(request, decision, client)
      return relayed.isStreamed === true
        ? { ...relayed, response: withLength(relayed.response) }
        : relayed
    },
  }
}

/**
 * A streamed answer whose Content-Length goes out with it: workerd drops it from a body that a script
 * makes, and sends chunks, unless the body is of a length that it knows itself. Clients check a blob's.
 */
function withLength(response: Response): Response {
  const length = response.headers.get('content-length')
  if (response.body === null || length === null) return response
  const { readable, writable } = new FixedLengthStream(Number(length))
  // One that breaks breaks what the client reads, which is all there is to be done.
  response.body.pipeTo(writable).catch(() => {})
  return new Response(readable, response)
}

/** workerd's own, which no type of Node's has. */
const { FixedLengthStream } = globalThis as unknown as {
  readonly FixedLengthStream: new (length: number) => {
    readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
    readonly writable: WritableStream<Uint8Array>
  }
}
