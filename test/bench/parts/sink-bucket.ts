import type { IncomingMessage } from 'node:http'

/** An object; the bytes of a large blob are not kept. */
export type SinkObject = { readonly sizeBytes: number; readonly bytes?: Buffer }

export type SinkBucket = {
  readonly get: (key: string) => SinkObject | undefined
  readonly put: (key: string, object: SinkObject) => void
  readonly remove: (key: string) => void
  /** Keys under a prefix that come after one, at most so many, and their sizes. */
  readonly list: (
    prefix: string,
    after: string,
    limit: number,
  ) => { readonly page: readonly (readonly [string, number])[]; readonly isLast: boolean }
  /** Reads the body for a key to its end. Throws where it is shorter than it was said to be. */
  readonly receive: (key: string, request: IncomingMessage) => Promise<SinkObject>
  readonly uploads: Map<string, Upload>
}

/** A multipart upload that is open: sizes of its parts by number. */
export type Upload = { readonly key: string; readonly parts: Map<number, number> }

const keptBytes = 1_048_576

export function createSinkBucket(): SinkBucket {
  const objects = new Map<string, SinkObject>()
  // Made when it is listed, and again when a key came or went.
  let sorted: readonly string[] | undefined

  return {
    uploads: new Map(),
    get: (key) => objects.get(key),
    put(key, object) {
      if (!objects.has(key)) sorted = undefined
      objects.set(key, object)
    },
    remove(key) {
      if (objects.delete(key)) sorted = undefined
    },
    list(prefix, after, limit) {
      sorted ??= [...objects.keys()].toSorted()
      const keys = sorted
      const from = after > prefix ? firstAfter(keys, after, false) : firstAfter(keys, prefix, true)
      const page: [string, number][] = []
      let at = from
      while (at < keys.length && page.length < limit && keys[at]!.startsWith(prefix)) {
        page.push([keys[at]!, objects.get(keys[at]!)!.sizeBytes])
        at++
      }
      return { page, isLast: at >= keys.length || !keys[at]!.startsWith(prefix) }
    },
    async receive(key, request) {
      const limitBytes = key.startsWith('nearport/') ? Infinity : keptBytes
      const chunks: Buffer[] = []
      let sizeBytes = 0
      for await (const chunk of request) {
        sizeBytes += (chunk as Buffer).length
        if (sizeBytes <= limitBytes) chunks.push(chunk as Buffer)
        else chunks.length = 0
      }
      const said = Number(request.headers['content-length'])
      if (said !== sizeBytes) throw new Error(`wanted ${said} bytes, got ${sizeBytes}`)
      return sizeBytes > limitBytes ? { sizeBytes } : { sizeBytes, bytes: Buffer.concat(chunks) }
    },
  }
}

/** Where the first key is that is greater than `text`, or as great where that counts. */
function firstAfter(keys: readonly string[], text: string, orEqual: boolean): number {
  let [low, high] = [0, keys.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const isBefore = orEqual ? keys[middle]! < text : keys[middle]! <= text
    if (isBefore) low = middle + 1
    else high = middle
  }
  return low
}
