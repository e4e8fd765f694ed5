import type { ConfiguredMirror } from '../../config.ts'
import { indexPointerName, mirrorIndexPrefix } from '../../core/index-pointer.ts'
import type { AnonymousDeps } from '../publish/anonymous.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { BucketError } from '../bucket/bucket-error.ts'
import { canaryOf } from '../publish/canary.ts'
import { checkCanary } from '../publish/canary-check.ts'
import type { Add } from './mirror-finding.ts'
import {
  checkMissing,
  checkPointerReadable,
  findRedirect,
  isListable,
} from './mirror-public-check.ts'

/**
 * Tries a mirror as clients will, from its public address and, where it is private, with signed ones,
 * and notes what is not as it should be.
 */
export async function checkPublic(
  configured: ConfiguredMirror,
  bucket: Bucket,
  deps: AnonymousDeps,
  { isIndexThere }: { readonly isIndexThere: boolean },
  add: Add,
): Promise<void> {
  const { id, keys, publicUrl } = configured
  const isPrivate = configured.signer !== undefined
  const canary = canaryOf(id)
  const held = await keysIn(bucket, keys.keyOf(canary.digest))
  if (held !== undefined && held.get(keys.keyOf(canary.digest)) !== canary.bytes.length) {
    add('wrong', 'its canary is missing', `nearport mirrors create ${id}, or nearport sync`)
    return
  }
  try {
    const mirror = await bucket.readable()
    const place = await findRedirect(mirror, deps)
    if (place !== undefined) {
      add(
        'wrong',
        `${publicUrl} sends its readers on to ${place}`,
        'set publicUrl to the address that answers with the blob itself',
      )
      return
    }
    const failure = await checkCanary(mirror, deps)
    if (failure !== undefined) add('wrong', failure, fixOf(failure, id, isPrivate))
    const missing = await checkMissing(mirror, deps)
    if (missing !== undefined) {
      add(
        'wrong',
        missing,
        'set publicUrl to the bucket itself, with no page in the place of what is missing',
      )
    }
    if (await isListable(mirror, deps)) {
      add(
        isPrivate ? 'wrong' : 'warning',
        isPrivate
          ? `anyone may list ${publicUrl}, which is private`
          : `anyone may list ${publicUrl}: what is missing is 404, which AWS bills, and not 403`,
        'take s3:ListBucket for everyone out of the policy or the access list of the bucket',
      )
    }
    const pointer = mirrorIndexPrefix + indexPointerName
    if (isIndexThere && (await keysIn(bucket, pointer))?.has(pointer) === true) {
      const unreadable = await checkPointerReadable(mirror, deps)
      if (unreadable !== undefined) {
        add('wrong', unreadable, `nearport mirrors create ${id}, or set index.directory`)
      }
    }
  } catch (error) {
    const { statusCode, message } = error as {
      readonly statusCode?: number
      readonly message: string
    }
    add(
      'wrong',
      `wanted an answer from ${publicUrl}, got ${statusCode ?? message}`,
      isPrivate
        ? 'set publicUrl to where clients can reach the bucket'
        : 'set publicUrl to where anyone can read the bucket',
    )
  }
}

/** Undefined where it cannot be known, which has been said. */
async function keysIn(
  bucket: Bucket,
  prefix: string,
): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    return await bucket.listKeys(prefix, 10)
  } catch (error) {
    if (error instanceof BucketError) return undefined
    throw error
  }
}

function fixOf(failure: string, id: string, isPrivate: boolean): string {
  if (/without a signature/.test(failure)) {
    return `nearport mirrors create ${id}, and take access lists and other statements for everyone away`
  }
  if (/Content-Encoding/.test(failure)) {
    return 'turn off compression where publicUrl leads, or nearport sync where the object has it'
  }
  if (isPrivate && /, got 40[013]/.test(failure)) {
    return 'set publicUrl to the store’s own address, as the host is signed, and give the credentials s3:GetObject'
  }
  if (/, got 40[13]/.test(failure)) return `let anyone read it: nearport mirrors create ${id}`
  if (/Range/.test(failure)) return 'let ranges through where publicUrl leads'
  return 'set publicUrl to the bucket itself, and run nearport sync'
}
