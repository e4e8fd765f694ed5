import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createMirrorBucket } from './buckets.ts'
import type { Face } from './drill-face.ts'
import { startFace } from './drill-face.ts'
import type { IndexLie } from './drill-index.ts'
import { publishIndex, readSoundIndex } from './drill-index.ts'
import { soundRanges } from './drill-ranges.ts'
import type { DrillServe } from './drill-serve.ts'
import { createDrillServe } from './drill-serve.ts'
import { service } from './netns.ts'
import type { Nearport } from './nearport.ts'
import { configureNearport } from './nearport.ts'
import type { Stoppable } from './process.ts'
import { waitUntil } from './process.ts'
import type { Parts } from './setup.ts'
import type { TokenRegistry } from './token-registry.ts'
import { startTokenRegistry } from './token-registry.ts'

type FaceName = 'east' | 'ireland' | 'upstream' | 'hub' | 'tokens' | 'ranges'

/** A running nearport, and all that it stands on, each behind a face that can be made to fail. */
export type DrillWorld = Stoppable & {
  readonly faces: Readonly<Record<FaceName, Face>>
  readonly nearport: Nearport
  /** Where sync publishes the index, beside the mirrors. */
  readonly directory: string
  readonly serve: DrillServe
  /** Has serve read its configuration with these changes, or as it was, and waits until it is taken. */
  readonly take: (changes?: object) => Promise<void>
  /** Has serve read another text in its configuration's place. */
  readonly spoil: (change: (text: string) => string) => Promise<void>
  /** Publishes the sound index again, newer, with what is wrong with it. */
  readonly publish: (lie?: IndexLie) => Promise<void>
  /** What AWS's address gives from now on; serve looks there at once. */
  readonly giveRanges: (document: () => string) => Promise<void>
  /** Waits for an event since the last `mark`. */
  readonly seen: (name: string, said: string) => Promise<void>
  readonly mark: () => Promise<void>
}

/** What is put out again and again is to be back soon all the same. */
const few = { window: 6, greyShare: 0.5 } as const
/** Mirrors' ports begin with 831, and so do those of all else that can fail. */
const firstPort = 8310
const hubPort = 8320

export async function startDrillWorld(parts: Parts): Promise<DrillWorld> {
  const folder = join(parts.scratch, 'drills')
  const directory = join(folder, 'index')
  const kept = join(folder, 'kept')
  await mkdir(kept, { recursive: true })
  const buckets = { east: 'drills-us-east-1', ireland: 'drills-eu-west-1' } as const
  await Promise.all(Object.values(buckets).map((each) => createMirrorBucket(parts.store, each)))

  let ranges = soundRanges
  const hub = await startHub(parts, join(folder, 'hub'))
  const toFace = (realm: string) => realm.replace(`:${hubPort + 1}/`, `:${firstPort + 4}/`)
  const faces: DrillWorld['faces'] = {
    east: await startFace(firstPort, `${parts.store.endpoint}/${buckets.east}`),
    ireland: await startFace(firstPort + 1, `${parts.store.endpoint}/${buckets.ireland}`),
    upstream: await startFace(firstPort + 2, parts.registry.url),
    hub: await startFace(firstPort + 3, hub.url, toFace),
    tokens: await startFace(firstPort + 4, `http://${service.names.both}:${hubPort + 1}`),
    ranges: await startFace(firstPort + 5, () => ranges()),
  }
  const mirrors = {
    'aws/us-east-1': { bucket: buckets.east, url: faces.east.url, log: '' },
    'aws/eu-west-1': { bucket: buckets.ireland, url: faces.ireland.url, log: '' },
  }
  const nearport = await configureNearport(parts, 'drills', mirrors, {
    upstreams: [{ registry: faces.upstream.url, cloud: 'gcp' }],
    health: { everySeconds: 0.2, timeoutMs: 500, slowMs: 300, failures: 2, successes: 2, ...few },
    index: { refreshSeconds: 0.3, directory, keptIn: kept },
    manifests: { staleSeconds: 3600 },
    relay: { timeoutMs: 500 },
    ranges: {
      refreshSeconds: 60,
      sources: { aws: `${faces.ranges.url}/ip-ranges.json`, gcp: null },
      directory: kept,
    },
  })
  const config = await readFile(nearport.configFile, 'utf8')
  // By far smaller than the published ones, so it is by an operator's word that they are taken.
  await nearport.cli('ranges', 'update', '--anyway')
  const { exitCode } = await nearport.sync()
  if (exitCode !== 0) throw new Error('wanted a sync that fills both mirrors, got one that failed')
  const sound = await readSoundIndex(directory)
  const serve = await createDrillServe(nearport)

  let past = 0
  const seen = (name: string, said: string) =>
    waitUntil(`the event ${name}: ${said}`, async () =>
      (await serve.events())
        .slice(past)
        .some((each) => each['event'] === name && JSON.stringify(each).includes(said)),
    )
  return {
    faces,
    nearport,
    directory,
    serve,
    seen,
    async mark() {
      past = (await serve.events()).length
    },
    async take(changes = {}) {
      const from = (await serve.events()).length
      await serve.configure(JSON.stringify({ ...JSON.parse(config), ...changes }))
      await waitUntil('the configuration', async () =>
        (await serve.events())
          .slice(from)
          .some(({ event, outcome }) => event === 'config' && outcome !== 'refused'),
      )
    },
    spoil: (change) => serve.configure(change(config)),
    publish: (lie) => publishIndex(directory, sound, lie),
    async giveRanges(document) {
      ranges = document
      await serve.forward()
    },
    async stop() {
      await serve.stop()
      for (const part of [...Object.values(faces), hub]) await part.stop()
    },
  }
}

/** A registry that wants tokens, over the sample images. */
async function startHub(parts: Parts, directory: string): Promise<TokenRegistry> {
  const from = join(dirname(parts.registry.log), 'data/docker/registry/v2')
  const to = join(directory, 'data/docker/registry/v2')
  await mkdir(join(to, 'repositories/public'), { recursive: true })
  await symlink(join(from, 'blobs'), join(to, 'blobs'))
  const team = join(to, 'repositories/public/team')
  await cp(join(from, 'repositories/team'), team, { recursive: true })
  const account = { user: 'drill', password: 'a pass:word' }
  return startTokenRegistry({ host: service.names.both, port: hubPort, directory, account })
}
