import { Agent } from 'undici'
import { onTestFinished } from 'vitest'
import type { Config } from '../../../src/config.ts'
import { parseConfig } from '../../../src/config.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { defaultKeys } from '../../../src/core/key-template.ts'
import type { Store } from '../../../src/embedded/store.ts'
import { createStore } from '../../../src/embedded/store.ts'
import { setUpBucket } from '../../../src/sync/mirrors/bucket-setup.ts'
import type { SetupOptions, SetupStep } from '../../../src/sync/mirrors/bucket-setup.ts'
import { indexContents } from '../../../src/sync/publish/index-content.ts'
import type { MirrorsDeps } from '../../../src/sync/mirrors/mirror-open.ts'
import { seeMirrors } from '../../../src/sync/mirrors/mirror-open.ts'
import type { Published } from '../../../src/sync/publish/publish.ts'
import { publish } from '../../../src/sync/publish/publish.ts'
import { createRecorder } from '../../../src/sync/recorder.ts'
import { credentials, env, mirrorOf, patience, serve } from '../world.ts'

export const east = 'aws/us-east-1'
export const ireland = 'aws/eu-west-1'
export const eastBucket = 'mirror-us-east-1'

/** A store on a real port, and two mirrors whose buckets are not there yet. */
export type MirrorWorld = {
  readonly store: Store
  readonly storeUrl: string
  readonly deps: MirrorsDeps
  readonly clock: { ms: number }
  /** The configuration, as its file has it: to be changed before it is read. */
  readonly file: { upstreams: object[]; mirrors: Record<string, unknown>[]; index: object }
  readonly config: () => Config
  readonly setUp: (id: string, options?: Partial<SetupOptions>) => Promise<readonly SetupStep[]>
  /** Puts a blob of so many bytes into buckets, and gives its digest. */
  readonly putBlob: (name: string, sizeBytes: number, ...buckets: string[]) => Digest
  /** Publishes what the buckets list, as a sync would. */
  readonly publish: () => Promise<Published>
}

export async function createMirrorWorld(): Promise<MirrorWorld> {
  const store = createStore(credentials)
  const storeUrl = await serve(store)
  const file = {
    upstreams: [{ registry: 'http://127.0.0.1:1' }],
    mirrors: ['us-east-1', 'eu-west-1'].map((region) => mirrorOf(region, storeUrl)),
    index: {},
  }
  const config = () => parseConfig(file, 'the test')
  const clock = { ms: Date.now() }
  const now = () => clock.ms
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const recorder = createRecorder({ now, record: () => {} })
  const { signal: stop } = new AbortController()
  const deps = { env, stop, dispatcher, patience, recorder, now }
  return {
    store,
    storeUrl,
    deps,
    clock,
    file,
    config,
    setUp(id, options = {}) {
      const mirror = config().mirrors.find((each) => each.id === id)!
      const usual = { isIndexThere: true, dryRun: false, claim: false }
      return setUpBucket(mirror, deps, { ...usual, ...options })
    },
    putBlob(name, sizeBytes, ...buckets) {
      const digest = `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}` as Digest
      for (const bucket of buckets) {
        store.putObject(bucket, defaultKeys.keyOf(digest), new Uint8Array(sizeBytes))
      }
      return digest
    },
    async publish() {
      const seen = await seeMirrors(config(), { ...deps, withListings: true })
      const good = seen.mirrors.flatMap((each) =>
        each.kind === 'seen' && each.listing !== undefined
          ? { mirror: each.mirror, listing: each.listing, spoiled: new Set<Digest>() }
          : [],
      )
      const { keepGenerations } = config().index
      const contents = indexContents(good, () => undefined)
      const published = await publish(contents, seen.places, { ...deps, keepGenerations })
      await seen.close()
      return published
    },
  }
}

/** What became of each step, by its name. */
export function outcomesOf(steps: readonly SetupStep[]): Readonly<Record<string, string>> {
  return Object.fromEntries(steps.map(({ what, outcome }) => [what, outcome]))
}
