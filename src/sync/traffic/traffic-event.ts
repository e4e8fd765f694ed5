import { parseDigest } from '../../core/digest.ts'
import type { RequestEvent } from '../../core/event.ts'
import type { ClientLocation } from '../../core/location.ts'
import { clouds } from '../../core/location.ts'
import type { TrafficLine } from './traffic-pull.ts'
import { isPull } from './traffic-pull.ts'

/**
 * Reads one of nearport's own events. Those that are no request say nothing of traffic, and are
 * understood; JSON of anybody else is not.
 */
export function parseEventLine(line: string): TrafficLine | undefined {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  const event = json as { readonly [K in keyof RequestEvent]?: unknown } & { count?: unknown }
  const { timeMs, kind, method, status, reference } = event
  if (typeof event.event !== 'string') return undefined
  if (timeMs !== undefined && !isTime(timeMs)) return undefined
  if (event.event === 'events-lost') {
    return isCount(event.count) ? { lost: event.count } : undefined
  }
  if (event.event !== 'request') return { timeMs }

  if (timeMs === undefined || typeof kind !== 'string') return undefined
  if (typeof method !== 'string' || !isCount(status)) return undefined
  if (kind !== 'blob' || !isPull(method, status)) return { timeMs }
  if (typeof reference !== 'string') return undefined
  // Other algorithms are no mirror's.
  const digest = parseDigest(reference)
  if (digest === undefined) return { timeMs }
  const { sizeBytes, cloud, region } = event
  if (sizeBytes !== undefined && !isCount(sizeBytes)) return undefined
  return { timeMs, pull: { digest, location: locationOf(cloud, region), bytes: sizeBytes } }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 8.64e15
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function locationOf(name: unknown, region: unknown): ClientLocation | undefined {
  const cloud = clouds.find((known) => known === name)
  if (cloud === undefined || typeof region !== 'string') return undefined
  return /^[a-zA-Z0-9-]{1,64}$/.test(region) ? { cloud, region } : undefined
}
