import { onTestFinished } from 'vitest'
import type { Config } from '../../src/config.ts'
import { parseConfig } from '../../src/config.ts'
import type { SyncEvent } from '../../src/core/sync-event.ts'
import type { Observed } from '../../src/embedded/observe.ts'
import type { Registry, RegistryOptions } from '../../src/embedded/registry.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import type { Store } from '../../src/embedded/store.ts'
import { createStore } from '../../src/embedded/store.ts'
import type { SyncOptions } from '../../src/sync/run.ts'
import { runSync } from '../../src/sync/run.ts'
import type { SyncSummary } from '../../src/sync/summary.ts'

/** One upstream, one store with a bucket for each of two mirrors, all on real ports. */
export type World = {
  readonly registry: Registry
  readonly store: Store
  readonly registryUrl: string
  readonly storeUrl: string
  /** The configuration, as its file has it: to be changed before a run. */
  readonly file: ConfigFile
  readonly config: () => Config
  readonly sync: (options?: SyncOptions, stop?: AbortSignal) => Promise<Ran>
}

/** A run: its summary, and every step it recorded. */
export type Ran = SyncSummary & { readonly events: readonly SyncEvent[] }

type ConfigFile = {
  upstreams: Record<string, unknown>[]
  mirrors: Record<string, unknown>[]
  sync: Record<string, unknown>
  index: Record<string, unknown>
  prune: Record<string, unknown>
  manifests?: Record<string, unknown>
}

export const credentials = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' }
export const env = { TEST_ACCESS_KEY_ID: 'test-key', TEST_SECRET_ACCESS_KEY: 'test-secret' }
export const patience = { tries: 3, firstPauseMs: 5, longestPauseMs: 20, deadlineMs: 5000 }
export const publicPrefixes = ['containers/images/', 'nearport/']

/** Creates a world, which ends with the test. */
export async function createWorld(options: RegistryOptions = {}): Promise<World> {
  const registry = createRegistry(options)
  const store = createStore(credentials)
  const registryUrl = await serve(registry)
  const storeUrl = await serve(store)
  const regions = ['us-east-1', 'eu-west-1']
  for (const region of regions) store.createBucket(`mirror-${region}`, { region, publicPrefixes })
  const file: ConfigFile = {
    upstreams: [{ registry: registryUrl }],
    mirrors: regions.map((region) => mirrorOf(region, storeUrl)),
    sync: {},
    index: {},
    prune: {},
  }
  const config = () => parseConfig(file, 'the test')
  return { registry, store, registryUrl, storeUrl, file, config, sync }

  async function sync(
    syncOptions: SyncOptions = {},
    stop: AbortSignal = new AbortController().signal,
  ): Promise<Ran> {
    const events: SyncEvent[] = []
    const record = (event: SyncEvent) => void events.push(event)
    const deps = { now: Date.now, record, env, stop, patience }
    return { ...(await runSync(config(), deps, syncOptions)), events }
  }
}

/** The configuration of a mirror in a store. */
export function mirrorOf(region: string, endpoint: string): Record<string, unknown> {
  return {
    id: `aws/${region}`,
    bucket: `mirror-${region}`,
    endpoint,
    forcePathStyle: true,
    credentials: 'TEST',
  }
}

/** Serves a double until the test ends; returns its address. */
export async function serve(observed: Observed): Promise<string> {
  const served = await serveEmbedded(observed.fetch)
  onTestFinished(() => served.close())
  return served.url
}

/** What was asked, as in `GET /v2/…`, without queries. */
export function asked(observed: Observed, method: string, part = ''): readonly string[] {
  return observed.requests
    .filter((each) => each.method === method && each.path.includes(part))
    .map(({ path }) => path.split('?', 1)[0]!)
}
