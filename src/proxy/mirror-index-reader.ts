import { indexPointerName, mirrorIndexPrefix } from '../core/index-pointer.ts'
import type { Mirror } from '../core/mirror.ts'
import type { IndexReader } from './index-keeper.ts'
import { readPointer } from './index-keeper.ts'

/** Reads the index that sync left in a mirror's bucket, from the mirror's public URL. */
export function createMirrorIndexReader(
  mirror: Mirror,
  deps: { readonly fetch: typeof fetch; readonly timeoutMs: number },
): IndexReader {
  const get = (key: string) =>
    deps.fetch(`${mirror.publicUrl}/${key}`, {
      headers: { 'accept-encoding': 'identity' },
      cache: 'no-store',
      signal: AbortSignal.timeout(deps.timeoutMs),
    })

  return {
    name: mirror.id,
    async pointer() {
      const answer = await get(mirrorIndexPrefix + indexPointerName)
      if (answer.status === 404) {
        await answer.body?.cancel()
        return undefined
      }
      if (answer.status === 403) {
        await answer.body?.cancel()
        // S3 says 403 where there is nothing, to whoever may not list the bucket: it may be the one or the other.
        throw new Error(`no index is published there, or ${mirrorIndexPrefix} is not public (403)`)
      }
      if (answer.status !== 200) throw new Error(`wanted 200 for its pointer, got ${answer.status}`)
      return readPointer(await answer.text(), mirrorIndexPrefix)
    },
    async file({ key }) {
      const answer = await get(key)
      if (answer.status !== 200) throw new Error(`wanted 200 for ${key}, got ${answer.status}`)
      return new Uint8Array(await answer.arrayBuffer())
    },
  }
}
