import { bytesToRead } from '../core/bytes-to-read.ts'
import type { Settled } from '../core/decision.ts'
import type { RequestEvent } from '../core/event.ts'
import type { Handling, ProxyDeps } from './handling.ts'
import type { Told } from './relay/relay.ts'

/** The event of an answered request. */
export function describe<Env>(
  decision: Settled,
  handling: Handling,
  status: number,
  deps: ProxyDeps<Env>,
  error: string | undefined,
  told: Told = {},
): RequestEvent {
  const { request, range, client, timeMs, startedMs, method } = handling
  const sizeBytes =
    request.kind === 'blob' && request.mirrorable !== undefined
      ? deps.presence.current()?.sizeBytes(request.mirrorable)
      : undefined
  // Of a blob that was not to be had nothing is read.
  const isRead = request.kind === 'blob' && status < 400
  const bytes = isRead ? bytesToRead(method, range, sizeBytes) : undefined
  return {
    event: 'request',
    timeMs,
    // Anyone may send any method: only those we answer have a name of their own.
    method: method === 'GET' || method === 'HEAD' ? method : 'other',
    kind: request.kind,
    ...('repository' in request && { repository: nameOf(request.repository, handling) }),
    ...(request.kind === 'manifest' && { reference: request.reference }),
    ...((request.kind === 'blob' || request.kind === 'referrers') && { reference: request.digest }),
    ...(client !== undefined && { cloud: client.cloud, region: client.region }),
    action: decision.action,
    reason: told.reason ?? decision.reason,
    ...(told.source !== undefined && { source: told.source }),
    ...(decision.action === 'mirror' && { mirror: decision.mirror.id }),
    ...((decision.action === 'mirror' || decision.action === 'upstream') &&
      decision.insteadOf !== undefined && { insteadOf: decision.insteadOf.id }),
    ...(decision.action === 'upstream' &&
      decision.upstream.others !== undefined && { upstream: decision.upstream.registry }),
    status,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(bytes !== undefined && { bytes }),
    // Thousandths: finer than a request, and short to write.
    durationMs: Math.round((deps.elapsedMs() - startedMs) * 1000) / 1000,
    ...(error !== undefined && { error }),
  }
}

/** A repository's name with its prefix, whether it was asked for with it or by a name of its upstream. */
function nameOf(repository: string, { policy: { within = '' } }: Handling): string {
  return within === '' ? repository : `${within}/${repository}`
}
