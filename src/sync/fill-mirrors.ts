import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Digest } from '../core/digest.ts'
import type { Plan } from '../core/plan.ts'
import { planSync } from '../core/plan.ts'
import { upstreamOf } from '../core/upstream.ts'
import type { ExaminedMirror } from './examine-mirrors.ts'
import { examineMirrors } from './examine-mirrors.ts'
import type { Published } from './publish/publish.ts'
import { publishRun } from './publish/publish-run.ts'
import type { Session } from './session.ts'
import type { Shard } from './shard.ts'
import { isLastShard } from './shard-barrier.ts'
import type { Survey } from './survey.ts'
import type { Transferred } from './transfer/transfer.ts'
import { transfer } from './transfer/transfer.ts'
import { nothingMoved } from './transfer/transfer-tally.ts'
import type { OpenedBlob, UpstreamClient } from './upstream/upstream.ts'
import type { ManifestBytes } from './walk/manifest-bytes.ts'
import type { CondemnedByMirror } from './withheld.ts'
import { settleCondemned } from './withheld.ts'

export type FillOptions = {
  /** Only plans. */
  readonly dryRun: boolean
  readonly shard?: Shard | undefined
}

/** What filling the mirrors came to. */
export type Filled = {
  readonly plan: Plan
  readonly moved: Transferred
  /** Mirrors as they were found at the end; none where the run ended before. */
  readonly examined: readonly ExaminedMirror[]
  readonly published: Published | undefined
  /** Whether it was this run's part to publish: it is not while another shard of it goes on. */
  readonly isLast: boolean
}

/** Brings every mirror what it lacks, tries the mirrors, and publishes what they hold. */
export async function fillMirrors(
  session: Session,
  surveyed: Survey,
  { dryRun, shard }: FillOptions,
): Promise<Filled> {
  const { recorder, settings } = session
  const { stop } = settings
  const { open, blobs, mirrors } = surveyed
  const plan = planSync(blobs, mirrors)
  recorder.step({ step: 'planned', ...plan.totals })
  const condemned = await settleCondemned(open, mirrors, blobs, { recorder, dryRun, stop })
  for (const [mirror, { size }] of condemned) {
    if (size > 0) recorder.step({ step: 'withheld', mirror, blobs: size })
  }
  const isIdle = () => dryRun || stop.aborted

  const moved = isIdle() ? nothingMoved : await transferAll(session, surveyed, plan)
  const isLast = isIdle() || (await isLastShard(shard, open, recorder))
  const examined = isIdle() || !isLast ? [] : await examineAll()
  const published = isIdle() || !isLast ? undefined : await publishAll()
  return { plan, moved, examined, published, isLast }

  /** Another shard may have written since; otherwise only what this run wrote is new. */
  function isChanged(id: string): boolean {
    return shard !== undefined || plan.mirrors.get(id)!.lackedBlobs > 0
  }

  function examineAll(): Promise<readonly ExaminedMirror[]> {
    const known = open.filter(({ id }) => condemned.has(id))
    return examineMirrors(known, isChanged, { ...settings, recorder })
  }

  function publishAll(): Promise<Published | undefined> {
    return publishRun(examined, {
      config: session.config,
      knownBytes: (digest: Digest) => blobs.get(digest)?.sizeBytes,
      spoiled: union(moved.spoiled, condemned),
      recorder,
      settings,
    })
  }
}

function transferAll(
  session: Session,
  { open, manifestBytes }: Survey,
  { work }: Plan,
): Promise<Transferred> {
  const { config, clientOf, recorder, settings } = session
  const { stop, now, patience } = settings
  const { concurrency, spread, ranges } = config.sync
  return transfer(work, {
    buckets: new Map(open.map(({ id, bucket }) => [id, bucket])),
    openUpstream(repository, { digest, sizeBytes, manifest }, range) {
      const client = clientOf(upstreamOf(config.upstreams, repository)!)
      return manifest === undefined
        ? client.openBlob(repository, digest, sizeBytes, range)
        : openManifest(client, repository, digest, manifestBytes)
    },
    recorder,
    concurrency,
    spread,
    ranges,
    stop,
    now,
    pause: async (tries) => {
      // A stop ends the pause, and is seen by whoever paused.
      await sleep(patience.firstPauseMs * 2 ** (tries - 1), undefined, { signal: stop }).catch(
        () => {},
      )
    },
  })
}

/** A manifest whole, whatever range of it was asked for: as the walk had it, or else fetched again. */
async function openManifest(
  client: UpstreamClient,
  repository: string,
  digest: Digest,
  known: ManifestBytes | undefined,
): Promise<OpenedBlob> {
  const bytes = known?.find(digest) ?? (await client.getManifest(repository, digest)).bytes
  return {
    body: Readable.from([bytes], { objectMode: false }),
    lengthBytes: bytes.length,
    isPartial: false,
  }
}

/** What clients must not be sent to: wrong bytes, and what is to be deleted. */
function union(
  spoiled: Transferred['spoiled'],
  condemned: CondemnedByMirror,
): ReadonlyMap<string, ReadonlySet<Digest>> {
  return new Map(
    [...condemned].map(([id, digests]) => [
      id,
      new Set([...(spoiled.get(id) ?? []), ...digests.keys()]),
    ]),
  )
}
