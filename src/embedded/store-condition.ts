import type { StoredObject } from './store-bucket.ts'
import { StoreError } from './store-error.ts'

/**
 * Holds a write against If-None-Match (only `*` is allowed) and If-Match, as S3's "conditional
 * writes" have it. Throws StoreError: 412, or NoSuchKey when If-Match finds nothing.
 */
export function checkWriteCondition(headers: Headers, existing: StoredObject | undefined): void {
  const none = headers.get('if-none-match')
  if (none !== null && none !== '*') {
    throw new StoreError('NotImplemented', 'If-None-Match wants * on a write')
  }
  if (none !== null && existing !== undefined) {
    throw new StoreError('PreconditionFailed', undefined, { Condition: 'If-None-Match' })
  }

  const match = headers.get('if-match')
  if (match === null) return
  if (existing === undefined) throw new StoreError('NoSuchKey')
  if (match !== '*' && !names(match, existing.etag)) {
    throw new StoreError('PreconditionFailed', undefined, { Condition: 'If-Match' })
  }
}

/**
 * Whether a read is answered 304. Throws PreconditionFailed where If-Match names another object.
 */
export function isNotModified(headers: Headers, object: StoredObject): boolean {
  const match = headers.get('if-match')
  if (match !== null && match !== '*' && !names(match, object.etag)) {
    throw new StoreError('PreconditionFailed', undefined, { Condition: 'If-Match' })
  }
  const none = headers.get('if-none-match')
  return none !== null && (none === '*' || names(none, object.etag))
}

// Some clients leave the quotes away, and S3 takes them all the same.
function names(header: string, etag: string): boolean {
  return header.split(',').some((tag) => bare(tag) === bare(etag))
}

function bare(tag: string): string {
  return tag.trim().replace(/^"|"$/g, '')
}
