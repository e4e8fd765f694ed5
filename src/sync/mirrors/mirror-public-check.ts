import type { Digest } from '../../core/digest.ts'
import { indexPointerName, mirrorIndexPrefix } from '../../core/index-pointer.ts'
import type { Mirror } from '../../core/mirror.ts'
import { blobUrl, signedBlobUrl, signedUrl } from '../../core/mirror.ts'
import type { AnonymousDeps } from '../publish/anonymous.ts'
import { askAnonymously } from '../publish/anonymous.ts'
import { canaryOf } from '../publish/canary.ts'

/**
 * Where a mirror's address sends whoever asks for a blob, or undefined where it answers itself: a
 * bucket in another region, or a page for people.
 */
export async function findRedirect(
  mirror: Mirror,
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const { status, header } = await askAnonymously(
    'GET',
    signedBlobUrl(mirror, 'GET', canaryOf(mirror.id).digest),
    deps,
  )
  if (status < 300 || status > 399 || status === 304) return undefined
  return header('location') ?? 'nowhere'
}

/** A digest that no blob has, for all anyone knows. */
const nobodys = `sha256:${'0'.repeat(60)}dead` as Digest

/**
 * Asks for a blob that is not there, as any client. Returns a sentence where the answer is not that
 * it is missing: 403, or 404 where anyone may list.
 */
export async function checkMissing(
  mirror: Mirror,
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const url = blobUrl(mirror, nobodys)
  const { status } = await askAnonymously('GET', signedBlobUrl(mirror, 'GET', nobodys), deps)
  return status === 403 || status === 404
    ? undefined
    : `wanted 403 or 404 for a blob that is not there from GET ${url}, got ${status}`
}

/** Whether anyone may list the bucket by its public address. */
export async function isListable({ publicUrl }: Mirror, deps: AnonymousDeps): Promise<boolean> {
  const url = `${publicUrl}/?list-type=2&max-keys=1`
  const { status, bytes } = await askAnonymously('GET', url, deps)
  return status === 200 && bytes.toString().includes('<ListBucketResult')
}

/** What comes for the index's pointer, as `serve` asks for it; undefined: it is there. */
export async function checkPointerReadable(
  mirror: Mirror,
  deps: AnonymousDeps,
): Promise<string | undefined> {
  const key = mirrorIndexPrefix + indexPointerName
  const url = `${mirror.publicUrl}/${key}`
  const { status } = await askAnonymously('GET', signedUrl(mirror, 'GET', key), deps)
  return status === 200 ? undefined : `wanted the index's pointer from GET ${url}, got ${status}`
}
