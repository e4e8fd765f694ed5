import { join } from 'node:path'
import { afterAll, beforeAll, inject } from 'vitest'
import { createAsk } from '../conformance/ask.ts'
import { realColumns } from '../conformance/columns.ts'
import { caller, configure, listNames } from '../conformance/configuration.ts'
import { fallback, placements } from '../conformance/content.ts'
import { referrersIn } from '../conformance/content-lists.ts'
import { pushImage } from '../conformance/push.ts'
import { conformanceSuite } from '../conformance/suite.ts'
import { eventIn, theBundle } from '../workerd/parts/place.ts'
import type { StartedWorker } from '../workerd/parts/start-worker.ts'
import { startWorker } from '../workerd/parts/start-worker.ts'
import { service } from './parts/netns.ts'
import type { Mirrors } from './parts/nearport.ts'
import { configureNearport, startMirrors } from './parts/nearport.ts'
import { answers, waitUntil } from './parts/process.ts'
import type { Registry } from './parts/registry.ts'
import { startRegistry } from './parts/registry.ts'

// The control: what a real registry makes of the same checks, and nearport before it.
const parts = inject('parts')
const port = 5070
let registry: Registry
let mirrors: Mirrors

beforeAll(async () => {
  const directory = join(parts.scratch, 'conformance-registry')
  registry = await startRegistry({ host: service.names.both, port, directory })
  const url = registry.url
  for (const placed of placements(listNames.registry)) await pushImage(url, placed)
  // A registry that keeps no list of referrers leaves that to whoever pushes them.
  const { image, tag } = fallback
  const repository = referrersIn(listNames.registry)
  await pushImage(url, { repository, image, tags: [tag] })
  mirrors = await startMirrors(parts, 'conformance', 8171)
})
afterAll(async () => {
  await registry?.stop()
  await mirrors?.stop()
})

conformanceSuite(realColumns, async ({ name, nearport: setting }) => {
  if (setting === undefined) {
    const ask = createAsk(registry.url)
    const subject = { ask, kind: 'registry', takesPushes: true, lists: listNames.registry } as const
    return { subject, stop: async () => {} }
  }
  const folder = `conformance-${name.replaceAll(/\W+/g, '-')}`
  const buckets = Object.entries(mirrors.faces).map(([id, { bucket, url }]) => ({
    id,
    bucket,
    endpoint: parts.store.endpoint,
    forcePathStyle: true,
    publicUrl: url,
  }))
  const configuration = configure(setting, registry.url, buckets)
  const nearport = await configureNearport(parts, folder, mirrors.faces, configuration)
  if (setting.presence !== undefined) {
    const { exitCode, problems } = await nearport.sync()
    if (exitCode !== 0) throw new Error(`wanted a sync, got ${JSON.stringify(problems)}`)
  }
  const { url, stop } =
    setting.place === 'workerd'
      ? await startWhole(configuration, setting.presence === 'index')
      : { url: `http://${service.names.both}:8080`, ...(await nearport.serve()) }
  const subject = {
    ask: createAsk(url, caller),
    kind: setting.mode,
    takesPushes: false,
    lists: listNames.nearport,
  } as const
  return { subject, stop }
})

/** A Worker, which looks for an index as the first request comes. */
async function startWhole(configuration: object, hasIndex: boolean): Promise<StartedWorker> {
  const worker = await startWorker(await theBundle(), configuration)
  await answers(`${worker.url}/v2/`)
  const isLoaded = () =>
    Promise.resolve(worker.lines.flatMap(eventIn).some(({ outcome }) => outcome === 'loaded'))
  if (hasIndex) await waitUntil('the Worker has an index', isLoaded)
  return worker
}
