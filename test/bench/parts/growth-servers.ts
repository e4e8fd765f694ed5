import { blobAsks, firstAsk } from './asks.ts'
import type { GrowthSetting } from './growth-settings.ts'
import { residentBytesOf } from './measure.ts'
import type { PinnedServer } from './pinned.ts'
import { startPinned } from './pinned.ts'
import { checkRedirects, inMirror } from './redirects.ts'
import type { Contender } from './rounds.ts'
import { serveIndex } from './served-index.ts'
import { checkoutProgram, onNode } from './service-nearport.ts'
import type { Workshop } from './workshop.ts'
import { prepareWrk } from './wrk.ts'

/** A nearport of one setting, and what it took before it was loaded. */
export type GrowthServer = Contender & {
  readonly setting: GrowthSetting
  readonly startsMs: readonly number[]
  readonly idleBytes: number
}

/** Blobs all over the index are asked for, so that a large one is read where it is not in a cache. */
const asked = 4096

/** Starts a setting so many times, and leaves the last one running. */
export async function startSetting(
  { directory, keep, stop }: Workshop,
  setting: GrowthSetting,
  { port, starts }: { readonly port: number; readonly starts: number },
): Promise<GrowthServer> {
  const { blobs, mirrors, connections } = setting
  const index = await serveIndex({ folder: directory, port, blobs, mirrors, asked })
  await keep(Promise.resolve({ stop: index.close }))
  const asks = blobAsks(index.digests)
  const inFirst = inMirror(index.mirrorUrl)
  const first = firstAsk(asks[0]!, inFirst(asks[0]!))
  const recipe = {
    ...onNode({ program: checkoutProgram, config: index.config, port }),
    name: `nearport-${port}`,
  }
  const startsMs: number[] = []
  let server: PinnedServer
  do {
    stop.throwIfAborted()
    server = await keep(startPinned(recipe, directory, first))
    startsMs.push(server.startMs)
    if (startsMs.length < starts) await server.stop()
  } while (startsMs.length < starts)
  const idleBytes = residentBytesOf(server.pid)
  await checkRedirects(port, asks, inFirst)
  const ask = await prepareWrk(directory, recipe.name, asks)
  return { setting, server, ask, connections, startsMs, idleBytes }
}
