import type { Bucket } from './bucket/bucket.ts'
import type { OpenMirror } from './open-mirrors.ts'
import type { Recorder } from './recorder.ts'
import type { Shard } from './shard.ts'

/** Where the shards of a run say that they have ended. */
const shardsPrefix = 'nearport/shards/'

/**
 * Whether all shards of a run have ended, this one being the last: then it is its part to publish
 * what they have done. Each says of itself that it has ended before it looks for the others, so of
 * two that end together both may see themselves as the last, and then publish the same. Without
 * shards a run is the last of one. A mirror that cannot be asked is a problem; one is enough.
 */
export async function isLastShard(
  shard: Shard | undefined,
  open: readonly OpenMirror[],
  recorder: Recorder,
): Promise<boolean> {
  if (shard === undefined || open.length === 0) return true
  const runPrefix = `${shardsPrefix}${shard.run}/`
  const name = (index: number) => `${runPrefix}${index}-of-${shard.of}`
  await onEach((bucket) => bucket.put(name(shard.index), new Uint8Array(), markHeaders))

  const ended = new Set<string>()
  const old: (readonly [Bucket, string])[] = []
  await onEach(async (bucket) => {
    for (const key of (await bucket.listKeys(shardsPrefix)).keys()) {
      if (key.startsWith(runPrefix)) ended.add(key)
      else old.push([bucket, key])
    }
  })
  const missing = Array.from({ length: shard.of }, (_, index) => name(index)).filter(
    (each) => !ended.has(each),
  )
  recorder.step({ step: 'shard-ended', index: shard.index, of: shard.of, missing: missing.length })
  if (missing.length > 0) return false
  // The marks of runs before: theirs of now stay, as the other last one may still be looking.
  for (const [bucket, key] of old) await bucket.remove(key).catch(() => {})
  return true

  async function onEach(task: (bucket: Bucket) => Promise<void>): Promise<void> {
    await Promise.all(
      open.map(async ({ id, bucket }) => {
        try {
          await task(bucket)
        } catch (error) {
          recorder.problem(`the shards in ${id}`, error)
        }
      }),
    )
  }
}

const markHeaders = { contentType: 'text/plain', cacheControl: 'no-cache' }
