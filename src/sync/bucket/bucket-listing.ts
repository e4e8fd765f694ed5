import { digestOfHex } from '../../core/digest.ts'
import { DigestMap } from '../../core/digest-map.ts'
import type { KeyTemplate } from '../../core/key-template.ts'
import type { Bucket } from './bucket.ts'
import type { ListedObject, ListRequest } from './bucket-list-page.ts'
import { readListPage } from './bucket-list-page.ts'
import type { BucketSession } from './bucket-session.ts'
import { forEachLimited } from '../concurrency.ts'

/** What a bucket lists. */
export function listingMethods(
  session: BucketSession,
): Pick<Bucket, 'listBlobs' | 'listKeys' | 'listAges'> {
  const { mirror, clockMs } = session
  return {
    async listBlobs() {
      const blobs = new DigestMap()
      const take = (objects: readonly ListedObject[]) => {
        for (const { key, sizeBytes } of objects) {
          const digest = mirror.keys.digestOf(key)
          if (digest !== undefined) blobs.set(digest, sizeBytes)
        }
      }
      const first = await readListPage(session, { Prefix: mirror.keys.prefix })
      take(first.objects)
      if (first.next === undefined) return blobs

      let failed = false
      const rest = restAfter(first.objects.at(-1)?.key ?? '', mirror.keys)
      await forEachLimited(rest ?? [{ ContinuationToken: first.next }], listingsAtOnce, (part) =>
        readOn({ Prefix: mirror.keys.prefix, ...part }).catch((error: unknown) => {
          failed = true
          throw error
        }),
      )
      return blobs

      async function readOn(request: ListRequest): Promise<void> {
        for await (const objects of pages(session, request)) {
          if (failed) return
          take(objects)
        }
      }
    },

    async listKeys(prefix, limit = Infinity) {
      const keys = new Map<string, number>()
      const request = { Prefix: prefix, MaxKeys: Math.min(limit, 1000) }
      for await (const objects of pages(session, request)) {
        for (const { key, sizeBytes } of objects) {
          if (keys.size >= limit) return keys
          keys.set(copied(key), sizeBytes)
        }
        if (keys.size >= limit) return keys
      }
      return keys
    },

    async listAges(prefix) {
      const ages = new Map<string, number>()
      for await (const objects of pages(session, { Prefix: prefix })) {
        for (const { key, modifiedMs } of objects) {
          ages.set(copied(key), clockMs() - modifiedMs)
        }
      }
      return ages
    },
  }
}

const listingsAtOnce = 16
const hexDigits = Array.from({ length: 16 }, (_, digit) => digit.toString(16))

async function* pages(
  session: BucketSession,
  request: ListRequest,
): AsyncGenerator<readonly ListedObject[]> {
  let ContinuationToken = request.ContinuationToken
  do {
    const page = await readListPage(session, { ...request, ContinuationToken })
    yield page.objects
    ContinuationToken = page.next
  } while (ContinuationToken !== undefined)
}

/**
 * What a listing has to ask for behind a key, in parts that can be asked for at once: one for each
 * first digit of the digests. Undefined where keys do not go on with the digest.
 */
function restAfter(key: string, { prefix, keyOf }: KeyTemplate): ListRequest[] | undefined {
  if (!keyOf(digestOfHex('a'.repeat(64))).startsWith(`${prefix}a`)) return undefined
  return hexDigits.flatMap((digit): ListRequest[] => {
    const Prefix = prefix + digit
    if (key.startsWith(Prefix)) return [{ Prefix, StartAfter: key }]
    return Prefix > key ? [{ Prefix }] : []
  })
}

/** A string of its own: a piece of a page would keep all of the page. */
function copied(key: string): string {
  return Buffer.from(key).toString()
}
