import type { RequestEvent } from '../core/event.ts'
import type { ClientLocation } from '../core/location.ts'
import { clouds } from '../core/location.ts'
import type { JsonReader } from './json-value.ts'
import { isCount, isTimeMs } from './json-value.ts'
import type { ReaderParts } from './line-reader.ts'
import { isPull } from './parsed-line.ts'

/**
 * Reads nearport's own events. They have no address: they say where the client is. Those that are
 * no request say nothing of traffic, and are understood.
 */
export function createEventReader({ line }: ReaderParts): JsonReader {
  const locations = new Map<string, ClientLocation | undefined>()

  return (json) => {
    const event = json as { readonly [K in keyof RequestEvent]?: unknown } & { count?: unknown }
    const { timeMs, kind, method, status, cloud, region } = event
    if (typeof event.event !== 'string') return false
    if (timeMs !== undefined && !isTimeMs(timeMs)) return false
    if (event.event === 'events-lost') {
      if (!isCount(event.count)) return false
      line.setOther(NaN)
      line.lost = event.count
      return true
    }
    if (event.event !== 'request') {
      line.setOther(timeMs ?? NaN)
      return true
    }

    if (timeMs === undefined || typeof kind !== 'string') return false
    if (typeof method !== 'string' || !isCount(status)) return false
    const location = locationOf(cloud, region)
    const path = kinds.get(kind)
    if (method !== 'GET' || path === undefined || !isPull(status)) {
      line.setOther(timeMs, location)
      return true
    }
    const { repository, reference, sizeBytes, bytes = sizeBytes } = event
    if (typeof reference !== 'string') return false
    if (bytes !== undefined && !isCount(bytes)) return false
    // An event that names no repository is of one all the same.
    const name = typeof repository === 'string' ? repository : '-'
    const target = line.target.readText(`/v2/${name}/${path}/${reference}`)
    line.setGet(target, timeMs, location, status, NaN)
    // A redirect too says here what the client reads.
    if (line.kind === 'blob' && bytes !== undefined) line.bytes = bytes
    return true
  }

  function locationOf(name: unknown, region: unknown): ClientLocation | undefined {
    if (typeof name !== 'string' || typeof region !== 'string') return undefined
    const key = `${name}/${region}`
    const known = locations.get(key)
    if (known !== undefined || locations.has(key)) return known
    const cloud = clouds.find((each) => each === name)
    const isRegion = cloud !== undefined && /^[a-zA-Z0-9-]{1,64}$/.test(region)
    const location = isRegion ? { cloud, region } : undefined
    // There are not so many: a file that has more is none of ours.
    if (locations.size < 10_000) locations.set(key, location)
    return location
  }
}

const kinds: ReadonlyMap<string, string> = new Map([
  ['blob', 'blobs'],
  ['manifest', 'manifests'],
])
