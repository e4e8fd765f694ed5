import { parseConfig } from '../../src/config.ts'
import { push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import type { Served } from '../../src/embedded/serve.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { createStore } from '../../src/embedded/store.ts'
import { runSync } from '../../src/sync/run.ts'
import { node } from '../contract/node.ts'
import type { Place } from '../contract/place.ts'
import { createAsk } from './ask.ts'
import type { Column, Setting } from './columns.ts'
import { caller, configure, listNames } from './configuration.ts'
import { placements } from './content.ts'
import type { Started } from './suite.ts'

const credentials = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' }
const env = { TEST_ACCESS_KEY_ID: 'test-key', TEST_SECRET_ACCESS_KEY: 'test-secret' }
const regions = ['us-east-1', 'eu-west-1'] as const

/** Starts a column's subject: a registry in this process, and what stands before it, where it runs. */
export async function startEmbedded({ nearport }: Column, place: Place = node): Promise<Started> {
  // Pages are short, so that there is always a next one. What is relayed wants tokens: that is what
  // relaying is for.
  const wantsTokens = nearport?.mode === 'relay'
  const registry = createRegistry({ pageLimit: 4, ...(wantsTokens && { auth: {} }) })
  for (const { repository, image, tags } of placements(listNames.registry)) {
    push(registry, repository, image, ...tags)
  }
  const served = await serveEmbedded(registry.fetch)
  if (nearport !== undefined) return startNearport(nearport, served, place)

  const ask = createAsk(served.url)
  const subject = { ask, kind: 'registry', takesPushes: false, lists: listNames.registry } as const
  return { subject, stop: served.close }
}

async function startNearport(setting: Setting, registry: Served, place: Place): Promise<Started> {
  const store = createStore(credentials)
  const publicPrefixes = ['containers/images/', 'nearport/']
  for (const region of regions) store.createBucket(`mirror-${region}`, { region, publicPrefixes })
  const buckets = await serveEmbedded(store.fetch)
  const mirrors = regions.map((region) => ({
    id: `aws/${region}`,
    bucket: `mirror-${region}`,
    endpoint: buckets.url,
    forcePathStyle: true,
    credentials: 'TEST',
  }))
  const configuration = configure(setting, registry.url, mirrors)
  if (setting.presence !== undefined) await fillMirrors(configuration)

  const service = await place.start(configuration)
  return {
    subject: {
      ask: createAsk(service.url, caller),
      kind: setting.mode,
      takesPushes: false,
      lists: listNames.nearport,
    },
    async stop() {
      await service.stop()
      await Promise.all([registry.close(), buckets.close()])
    },
  }
}

async function fillMirrors(configuration: object): Promise<void> {
  const stop = new AbortController().signal
  const deps = { now: Date.now, record: () => {}, env, stop }
  const { problems } = await runSync(parseConfig(configuration, 'the test'), deps)
  if (problems.length > 0) {
    throw new Error(`wanted a sync with no problem, got ${JSON.stringify(problems)}`)
  }
}
