import type { ConfiguredMirror } from '../../config.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { openBucket } from '../bucket/bucket.ts'
import type { Environment } from '../bucket/bucket-client.ts'
import { BucketError } from '../bucket/bucket-error.ts'
import { mergeLifecycle, uploadDays } from './bucket-setup-lifecycle.ts'
import {
  isAtAws,
  mergeAccessBlock,
  mergePolicy,
  wantedStatements,
  wantsTlsOnly,
} from './bucket-setup-policy.ts'
import type { BucketSettings } from './bucket-setup-store.ts'
import { openBucketSettings, UnknownToStore } from './bucket-setup-store.ts'
import { byHand, explainFailure } from './bucket-setup-words.ts'
import { canaryOf, putCanary } from '../publish/canary.ts'
import { claim, readOwnership } from '../marker.ts'

/**
 * One thing that a mirror's bucket needs, and what became of it. `planned`: a dry run would do it;
 * `unknown`: this store has no such setting; `refused`: the bucket is not ours, and nothing was
 * touched; `failed`: it was tried. `note` says more, and what is to be done by hand.
 */
export type SetupStep = {
  readonly what: SetupPart
  readonly outcome: 'done' | 'already' | 'planned' | 'unknown' | 'refused' | 'failed'
  readonly note?: string
}

export type SetupPart =
  | 'bucket'
  | 'marker'
  | 'public access block'
  | 'object ownership'
  | 'policy'
  | 'lifecycle'
  | 'canary'

export type SetupDeps = {
  readonly env: Environment
  readonly stop: AbortSignal
  readonly now: () => number
}

export type SetupOptions = {
  /** Whether `serve` reads the index from the buckets: no folder is configured for it. */
  readonly isIndexThere: boolean
  readonly dryRun: boolean
  /** Whether the bucket is this mirror's although there are objects in it and no marker. */
  readonly claim: boolean
}

/**
 * Makes the bucket of a mirror and sets it up, as far as it is not: a second run changes nothing.
 * It never rejects: what fails is a step that says so, and the steps that hang on it are not there.
 */
export async function setUpBucket(
  mirror: ConfiguredMirror,
  deps: SetupDeps,
  options: SetupOptions,
): Promise<readonly SetupStep[]> {
  const steps: SetupStep[] = []
  const opened: { readonly close: () => void | Promise<void> }[] = []
  try {
    const settings = openBucketSettings(mirror, deps)
    opened.push(settings)
    const bucket = openBucket(mirror, deps)
    opened.push(bucket)

    const isThere = await makeBucket(mirror, settings, options, steps)
    if (isThere === 'refused') return steps
    if (isThere === 'planned') {
      const rest = ['marker', 'public access block', 'object ownership', 'policy', 'lifecycle']
      for (const what of [...rest, 'canary']) {
        steps.push({ what: what as SetupPart, outcome: 'planned' })
      }
      return steps
    }
    // Whose it is, before anything about it is changed.
    if (!(await markBucket(bucket, deps, options, steps))) return steps
    await setUp(mirror, settings, bucket, options, steps)
    return steps
  } catch (error) {
    steps.push({ what: 'bucket', outcome: 'failed', note: (error as Error).message })
    return steps
  } finally {
    for (const each of opened) await each.close()
  }
}

async function makeBucket(
  { id, store }: ConfiguredMirror,
  settings: BucketSettings,
  { dryRun }: SetupOptions,
  steps: SetupStep[],
): Promise<'there' | 'planned' | 'refused'> {
  const refuse = (note: string) => {
    steps.push({ what: 'bucket', outcome: 'refused', note })
    return 'refused' as const
  }
  const owned = `the bucket ${store.bucket} belongs to somebody else, or these credentials may not see it: choose another name for ${id}, or other credentials`
  const head = await settings.head()
  if (head.kind === 'forbidden') return refuse(owned)
  if (head.kind === 'elsewhere') {
    const region = head.region ?? 'another region'
    return refuse(
      `wanted the bucket ${store.bucket} in ${store.signingRegion}, got one in ${region}: choose another name for ${id}`,
    )
  }
  if (head.kind === 'there') {
    steps.push({ what: 'bucket', outcome: 'already' })
    return 'there'
  }
  if (dryRun) {
    steps.push({ what: 'bucket', outcome: 'planned' })
    return 'planned'
  }
  try {
    await settings.create()
  } catch (error) {
    const { code } = error as BucketError
    // Another run of ours was first.
    if (code !== 'BucketAlreadyOwnedByYou') {
      if (code === 'BucketAlreadyExists') return refuse(owned)
      throw error
    }
  }
  steps.push({ what: 'bucket', outcome: 'done' })
  return 'there'
}

async function markBucket(
  bucket: Bucket,
  deps: SetupDeps,
  options: SetupOptions,
  steps: SetupStep[],
): Promise<boolean> {
  const { id, store } = bucket.mirror
  const add = (outcome: SetupStep['outcome'], note?: string) => {
    steps.push({ what: 'marker', outcome, ...(note === undefined ? {} : { note }) })
    return outcome !== 'refused'
  }
  const before = await readOwnership(bucket)
  if (before.kind === 'ours') return add('already')
  if (before.kind === 'foreign') return add('refused', before.why)
  if (before.kind === 'unclaimed' && !options.claim) {
    return add(
      'refused',
      `the bucket ${store.bucket} holds objects and no nearport/mirror.json: if it is this mirror's, say --claim ${id}`,
    )
  }
  if (options.dryRun) return add('planned')
  const after = await claim(bucket, deps.now())
  if (after.kind === 'ours') return add('done')
  return add(
    'refused',
    after.kind === 'foreign' ? after.why : 'its marker was not there after it was written',
  )
}

async function setUp(
  mirror: ConfiguredMirror,
  settings: BucketSettings,
  bucket: Bucket,
  { isIndexThere, dryRun }: SetupOptions,
  steps: SetupStep[],
): Promise<void> {
  await step('public access block', undefined, async (set) => {
    const merged = mergeAccessBlock(mirror, await settings.publicAccessBlock())
    return merged === undefined || set(() => settings.putPublicAccessBlock(merged))
  })
  await step('object ownership', undefined, async (set) => {
    const isSo = (await settings.ownership()) === 'BucketOwnerEnforced'
    return isSo || set(() => settings.putOwnership())
  })
  await step('policy', byHand(mirror, isIndexThere), async (set) => {
    const before = await settings.policy()
    const isTlsOnly = wantsTlsOnly(mirror)
    const merged = mergePolicy(before, wantedStatements(mirror, { isIndexThere, isTlsOnly }))
    if (merged === undefined) return true
    return set(async () => {
      await settings.putPolicy(merged)
      if (!isTlsOnly || isAtAws(mirror)) return undefined
      if (await seesTls(bucket)) return undefined
      const without = wantedStatements(mirror, { isIndexThere, isTlsOnly: false })
      await settings.putPolicy(mergePolicy(merged, without) ?? merged)
      return 'requests without TLS stay allowed: the store does not see that ours come with it'
    })
  })
  const uploads = `set up by hand that uploads in parts that nobody completes go after ${uploadDays} days`
  await step('lifecycle', uploads, async (set) => {
    const merged = mergeLifecycle(await settings.lifecycle())
    return merged === undefined || set(() => settings.putLifecycle(merged))
  })
  await step('canary', undefined, async (set) => {
    const { digest, bytes } = canaryOf(mirror.id)
    const key = mirror.keys.keyOf(digest)
    const isSo = (await bucket.listKeys(key, 1)).get(key) === bytes.length
    return isSo || set(() => putCanary(bucket))
  })

  type Set = (work: () => Promise<string | undefined | void>) => Promise<Done>
  type Done = { readonly note: string | undefined } | 'planned'

  /** True: it was so already. */
  async function step(
    what: SetupPart,
    whenUnknown: string | undefined,
    work: (set: Set) => Promise<true | Done>,
  ): Promise<void> {
    const add = (outcome: SetupStep['outcome'], note?: string) =>
      void steps.push({ what, outcome, ...(note === undefined ? {} : { note }) })
    try {
      const done = await work(async (change) =>
        dryRun ? 'planned' : { note: (await change()) ?? undefined },
      )
      if (done === true) add('already')
      else if (done === 'planned') add('planned')
      else add('done', done.note)
    } catch (error) {
      if (error instanceof UnknownToStore) add('unknown', whenUnknown)
      else add('failed', explainFailure(what, error as Error))
    }
  }
}

/** Whether the bucket is still ours to read after plain requests were refused. */
async function seesTls(bucket: Bucket): Promise<boolean> {
  try {
    return (await readOwnership(bucket)).kind === 'ours'
  } catch (error) {
    if (error instanceof BucketError && error.status === 403) return false
    throw error
  }
}
