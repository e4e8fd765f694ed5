import { indexPointerName, mirrorIndexPrefix } from '../core/index-pointer.ts'
import type { Mirror } from '../core/mirror.ts'
import { signedUrl } from '../core/mirror.ts'
import type { IndexReader } from './index-keeper.ts'
import { readPointer } from './index-keeper.ts'
import type { FetchedAnswer, PlainFetch } from './read-bounded.ts'
import { readBounded } from './read-bounded.ts'

export type MirrorIndexDeps = {
  readonly fetch: PlainFetch
  /** How long an answer, and then each next byte of it, may take. */
  readonly idleMs: number
}

const longestPointerBytes = 64 * 1024

/**
 * Reads the index that sync left in a mirror's bucket, as clients read its blobs: so a private mirror
 * hears, too, whether it takes our signature.
 */
export function createMirrorIndexReader(mirror: Mirror, deps: MirrorIndexDeps): IndexReader {
  return {
    name: mirror.id,
    async pointer() {
      const answer = await get(mirrorIndexPrefix + indexPointerName)
      mirror.signer?.hear(answer.status)
      if (answer.status !== 200) await answer.body?.cancel()
      if (answer.status === 404) return undefined
      if (answer.status === 403) {
        // S3 says 403 where there is nothing, to whoever may not list the bucket: it may be the one
        // or the other.
        const why =
          mirror.signer === undefined
            ? `${mirrorIndexPrefix} is not public`
            : 'the credentials may not read it'
        throw new Error(`no index is published there, or ${why} (403)`)
      }
      if (answer.status !== 200) throw new Error(`wanted 200 for its pointer, got ${answer.status}`)
      const bytes = await readBounded(answer, { ...deps, maxBytes: longestPointerBytes })
      return readPointer(new TextDecoder().decode(bytes), mirrorIndexPrefix)
    },
    async file({ key, sizeBytes }) {
      const answer = await get(key)
      if (answer.status === 200) return readBounded(answer, { ...deps, maxBytes: sizeBytes })
      await answer.body?.cancel()
      throw new Error(`wanted 200 for ${key}, got ${answer.status}`)
    },
  }

  /** The answer's head, in time; its body has a time of its own. */
  async function get(key: string): Promise<FetchedAnswer> {
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new Error(`no answer in ${deps.idleMs} ms`)),
      deps.idleMs,
    )
    try {
      return await deps.fetch(signedUrl(mirror, 'GET', key), {
        headers: { 'accept-encoding': 'identity' },
        cache: 'no-store',
        signal: late.signal,
      })
    } finally {
      clearTimeout(timer)
    }
  }
}
