import type { Respond } from './direct.ts'
import type { Handler } from './web-responder.ts'

/**
 * The way through Web Requests, loaded with the first request that takes it: Node's own Request and
 * Response alone take 70 ms of CPU and 16 MB from whoever first names them, and what is answered
 * directly never does.
 */
export function createLateResponder(handler: Handler): Respond {
  let respond: Respond | undefined
  let loading: Promise<Respond> | undefined
  const load = async () => {
    const { createWebResponder } = await import('./web-responder.ts')
    respond = createWebResponder(handler)
    return respond
  }
  const respondLater: Respond = async (incoming, outgoing) => {
    loading ??= load()
    const respondNow = await loading
    // Who left meanwhile is told of to nobody.
    if (!outgoing.destroyed) respondNow(incoming, outgoing)
  }
  return (incoming, outgoing) => (respond ?? respondLater)(incoming, outgoing)
}
