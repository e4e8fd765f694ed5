import type { Config } from '../../config.ts'
import type { Digest } from '../../core/digest.ts'
import type { Mirror } from '../../core/mirror.ts'
import { blobUrl } from '../../core/mirror.ts'
import type { AnonymousDeps } from './anonymous.ts'
import { canaryOf } from './canary.ts'
import { checkCanary, isRefusing } from './canary-check.ts'
import type { ExaminedMirror } from '../examine-mirrors.ts'
import { checkIndexReadable } from './index-check.ts'
import { indexContents } from './index-content.ts'
import { folderPlace } from './index-folder.ts'
import type { IndexPlace } from './index-place.ts'
import { bucketPlace } from './index-place.ts'
import type { Published } from './publish.ts'
import { publish } from './publish.ts'
import type { Recorder } from '../recorder.ts'

export type PublishRunDeps = {
  readonly config: Pick<Config, 'mirrors' | 'index'>
  /** A blob's size by the manifests, where they say one. */
  readonly knownBytes: (digest: Digest) => number | undefined
  /** Blobs of which a mirror was seen to hold wrong bytes, by its id. */
  readonly spoiled: ReadonlyMap<string, ReadonlySet<Digest>>
  readonly recorder: Recorder
  readonly settings: AnonymousDeps & { readonly now: () => number }
}

/**
 * Publishes what a run found in the mirrors that serve, everywhere that an index belongs.
 * Undefined: there was nothing to say, and the last index stands.
 */
export async function publishRun(
  examined: readonly ExaminedMirror[],
  deps: PublishRunDeps,
): Promise<Published | undefined> {
  const { config, recorder, settings, spoiled } = deps
  const { directory, keepGenerations } = config.index
  if (examined.length === 0) {
    const serving = await findServing(config.mirrors, settings)
    // Stopped in the middle of asking, nobody knows.
    if (settings.stop.aborted) return undefined
    if (serving.length > 0) {
      const why = `none was published: no mirror could be asked, and clients are still served by ${serving.join(', ')}`
      recorder.problem('the index', why)
      return undefined
    }
  }

  const good = examined.filter(({ serves }) => serves)
  const contents = indexContents(
    good.map(({ id, bucket: { mirror }, listing }) => {
      return { mirror, listing, spoiled: spoiled.get(id) ?? new Set() }
    }),
    deps.knownBytes,
  )
  for (const digest of contents.ambiguous) {
    recorder.problem(digest, 'wanted one size in every mirror, got several: left out of the index')
  }
  // Also to a mirror that is left out: where it is the only one, this is how `serve` hears of it.
  const places: IndexPlace[] = examined.map(({ bucket }) => bucketPlace(bucket))
  if (directory !== undefined) places.push(folderPlace(directory))
  const { now } = settings
  const published = await publish(contents, places, { recorder, now, keepGenerations })
  if (published.to.length === 0) recorder.problem('the index', 'it could be published nowhere')
  else if (directory === undefined) {
    const told = examined.filter(({ id }) => published.to.includes(id))
    const readable = await Promise.all(told.map(({ bucket }) => bucket.readable()))
    const failure = await checkIndexReadable(readable, settings)
    if (failure !== undefined) recorder.problem('the index', failure)
  }
  return published
}

/**
 * Ids of the mirrors that serve clients, as far as can be told, although this run could open none:
 * then it is the run that is cut off, by its credentials or its network, and an empty index would
 * take from clients what they have.
 */
async function findServing(
  mirrors: readonly Mirror[],
  settings: AnonymousDeps,
): Promise<readonly string[]> {
  const serving = await Promise.all(mirrors.map(isServing))
  return mirrors.filter((_, at) => serving[at]).map(({ id }) => id)

  async function isServing(mirror: Mirror): Promise<boolean> {
    if (mirror.signer === undefined) return (await checkCanary(mirror, settings)) === undefined
    // Whoever cannot sign learns no more of a private mirror than that it refuses to be read.
    return isRefusing(blobUrl(mirror, canaryOf(mirror.id).digest), settings)
  }
}
