import type { Config, ConfiguredMirror } from '../../config.ts'
import type { Listing } from '../../core/plan.ts'
import type { AnonymousDeps } from '../publish/anonymous.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { openBucket } from '../bucket/bucket.ts'
import type { Environment } from '../bucket/bucket-client.ts'
import { folderPlace } from '../publish/index-folder.ts'
import type { IndexPlace } from '../publish/index-place.ts'
import { bucketPlace } from '../publish/index-place.ts'
import type { Ownership } from '../marker.ts'
import { readOwnership } from '../marker.ts'
import type { Recorder } from '../recorder.ts'

/** The world as the commands about mirrors need it. */
export type MirrorsDeps = AnonymousDeps & {
  readonly env: Environment
  readonly now: () => number
  readonly recorder: Recorder
}

export type IndexConfig = Pick<Config, 'mirrors' | 'index'>

/** A mirror's bucket as it was found; `listing` where it is ours and was asked for. */
export type SeenMirror =
  | {
      readonly kind: 'seen'
      readonly mirror: ConfiguredMirror
      readonly bucket: Bucket
      readonly ownership: Ownership
      readonly listing: Listing | undefined
    }
  | { readonly kind: 'unreachable'; readonly mirror: ConfiguredMirror; readonly why: string }

/** What is found of all mirrors, and the places their index is in. */
export type SeenMirrors = {
  readonly mirrors: readonly SeenMirror[]
  /** Of the buckets, those that are ours. */
  readonly places: readonly IndexPlace[]
  /** Ends all connections. */
  readonly close: () => Promise<void>
}

/** Looks at every mirror, and writes nothing. */
export async function seeMirrors(
  { mirrors: all, index }: IndexConfig,
  deps: Pick<MirrorsDeps, 'env' | 'stop'> & { readonly withListings: boolean },
): Promise<SeenMirrors> {
  const mirrors = await Promise.all(all.map(see))
  const places: IndexPlace[] = mirrors.flatMap((each) =>
    each.kind === 'seen' && each.ownership.kind === 'ours' ? bucketPlace(each.bucket) : [],
  )
  if (index.directory !== undefined) places.push(folderPlace(index.directory))
  return {
    mirrors,
    places,
    async close() {
      for (const each of mirrors) if (each.kind === 'seen') await each.bucket.close()
    },
  }

  async function see(mirror: ConfiguredMirror): Promise<SeenMirror> {
    let bucket: Bucket | undefined
    try {
      bucket = openBucket(mirror, deps)
      const ownership = await readOwnership(bucket)
      const isListed = deps.withListings && ownership.kind === 'ours'
      const listing = isListed ? await bucket.listBlobs() : undefined
      return { kind: 'seen', mirror, bucket, ownership, listing }
    } catch (error) {
      await bucket?.close()
      return { kind: 'unreachable', mirror, why: (error as Error).message }
    }
  }
}
