import { bytesToRead } from '../core/bytes-to-read.ts'
import type { Decision } from '../core/decision.ts'
import type { RequestEvent } from '../core/event.ts'
import type { Handling, ProxyDeps } from './handling.ts'

/** The event of an answered request. */
export function describe<Env>(
  decision: Exclude<Decision, { action: 'ask' }>,
  handling: Handling,
  status: number,
  deps: ProxyDeps<Env>,
  error: string | undefined,
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
    ...('repository' in request && { repository: request.repository }),
    ...(request.kind === 'manifest' && { reference: request.reference }),
    ...((request.kind === 'blob' || request.kind === 'referrers') && { reference: request.digest }),
    ...(client !== undefined && { cloud: client.cloud, region: client.region }),
    action: decision.action,
    reason: decision.reason,
    ...(decision.action === 'mirror' && { mirror: decision.mirror.id }),
    status,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(bytes !== undefined && { bytes }),
    // Thousandths: finer than a request, and short to write.
    durationMs: Math.round((deps.elapsedMs() - startedMs) * 1000) / 1000,
    ...(error !== undefined && { error }),
  }
}
