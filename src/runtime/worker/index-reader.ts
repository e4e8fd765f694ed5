import type { R2Bucket } from '@cloudflare/workers-types'
import { indexPointerName, mirrorIndexPrefix } from '../../core/index-pointer.ts'
import type { IndexReader } from '../../proxy/index-keeper.ts'
import { readPointer } from '../../proxy/index-keeper.ts'

/** Reads the index that sync left in a bucket which the Worker is bound to. */
export function createBoundIndexReader(bucket: Pick<R2Bucket, 'get'>): IndexReader {
  return {
    name: 'the bucket bound as INDEX',
    async pointer() {
      const object = await bucket.get(mirrorIndexPrefix + indexPointerName)
      return object === null ? undefined : readPointer(await object.text(), mirrorIndexPrefix)
    },
    async file({ key, sizeBytes }) {
      const object = await bucket.get(key)
      if (object === null) throw new Error(`wanted ${key}, got none`)
      if (object.size !== sizeBytes) {
        throw new Error(`wanted ${sizeBytes} bytes of ${key}, got ${object.size}`)
      }
      return new Uint8Array(await object.arrayBuffer())
    },
  }
}
