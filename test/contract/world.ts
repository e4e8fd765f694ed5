import { parseConfig } from '../../src/config.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createStore } from '../../src/embedded/store.ts'
import { runSync } from '../../src/sync/run.ts'

export const mirrored = imageOf({
  architecture: 'amd64',
  files: [{ path: 'a', content: 'a'.repeat(100) }],
})
/** Pushed after the sync: no mirror has it. */
export const late = imageOf({
  architecture: 'arm64',
  files: [{ path: 'b', content: 'b'.repeat(100) }],
})

/** Two registries with the same image, one of which wants tokens, and two mirrors that hold it. */
export type World = {
  /** A nearport.json for them; `changes` are keys above it. */
  readonly config: (changes?: object) => object
  readonly registry: string
  readonly store: string
  readonly close: () => Promise<void>
}

const credentials = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' }
const env = { TEST_ACCESS_KEY_ID: 'test-key', TEST_SECRET_ACCESS_KEY: 'test-secret' }
const regions = ['us-east-1', 'eu-west-1'] as const

export async function startWorld(): Promise<World> {
  const open = createRegistry({ pageLimit: 1 })
  const closed = createRegistry({ pageLimit: 1, auth: {}, quirks: { signed: { status: 302 } } })
  const store = createStore(credentials)
  for (const region of regions) {
    const publicPrefixes = ['containers/images/', 'nearport/']
    store.createBucket(`mirror-${region}`, { region, publicPrefixes })
  }
  const served = await Promise.all([open, closed, store].map(({ fetch }) => serveEmbedded(fetch)))
  const [registry, wantsTokens, buckets] = served.map(({ url }) => url) as [string, string, string]
  for (const each of [open, closed]) push(each, 'app', mirrored, '1', '2')

  const config = (changes: object = {}) => ({
    upstreams: [
      { registry, cloud: 'gcp' },
      { repositories: 'closed', dropPrefix: true, registry: wantsTokens, mode: 'relay' },
      // It sends its blobs itself.
      { repositories: 'inline', dropPrefix: true, registry, mode: 'relay' },
    ],
    mirrors: regions.map((region) => ({
      id: `aws/${region}`,
      bucket: `mirror-${region}`,
      endpoint: buckets,
      forcePathStyle: true,
      credentials: 'TEST',
    })),
    index: { refreshSeconds: 0.05 },
    sync: { repositories: ['app'] },
    ...changes,
  })
  const stop = new AbortController().signal
  const run = { now: Date.now, record: () => {}, env, stop }
  const { problems } = await runSync(parseConfig(config(), 'the test'), run)
  if (problems.length > 0) throw new Error(`wanted a sync, got ${JSON.stringify(problems)}`)
  for (const each of [open, closed]) push(each, 'app', late, 'late')

  return {
    config,
    registry,
    store: buckets,
    async close() {
      await Promise.all(served.map(({ close }) => close()))
    },
  }
}
