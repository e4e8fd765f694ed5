import { faultOf } from './load-answer.ts'
import { loopbackAddress, openConnection } from './load-connection.ts'
import type { LoadTarget } from './load-connection.ts'
import type { Client, LoadRequest } from './load-requests.ts'
import { blobRequest, manifestRequest, versionRequest } from './load-requests.ts'
import type { LoadTally } from './load-tally.ts'
import { blobOf, nowhere, places } from './load-world.ts'

/** A connection of the storm that got an answer; times in ms since the storm began. */
export type StormAnswer = { readonly startMs: number; readonly tookMs: number }

export type Storm = {
  readonly answers: readonly StormAnswer[]
  /** When the last node started, and when the last answer came. */
  readonly lastStartMs: number
  readonly lastAnswerMs: number
  readonly mostConnections: number
}

export const [layers, images, withinMs] = [20, 20, 10_000] as const
/** What each node asks: the version, the manifest's HEAD and GET, and the layers. */
export const requestsEach = 3 + layers
/** As long as containerd waits for a connection. */
const answerWithinMs = 30_000

/** What one node asks: one after the other, and then so many at once. */
export type NodePlan = {
  readonly startMs: number
  readonly first: readonly LoadRequest[]
  readonly layers: readonly LoadRequest[]
  readonly atOnce: number
}

/**
 * What node n pulls: one of twenty images, of which a layer here and there is in no mirror near it.
 * Half of the nodes read three layers at once, as containerd does, and half six, as CRI-O does.
 */
export function planNode(n: number, startMs: number, bucketUrl: string): NodePlan {
  // One in fifty is in no cloud.
  const place = n % 50 === 49 ? undefined : places[n % places.length]
  const client: Client = { place, address: place?.address ?? nowhere[n % nowhere.length]! }
  const image = n % images
  const repository = `team/service-${image}`
  const blobs = Array.from({ length: layers }, (_, layer) => blobOf(image * layers + layer))
  return {
    startMs,
    first: [
      versionRequest(client),
      manifestRequest('HEAD', client, repository, '1.0'),
      manifestRequest('GET', client, repository, blobs[0]!.digest),
    ],
    layers: blobs.map((blob) => blobRequest('blob, held', client, repository, blob, bucketUrl)),
    atOnce: n % 2 === 0 ? 3 : 6,
  }
}

/** Lets nodes come, each at its time, and each request of them over a connection of its own. */
export async function raise(
  target: LoadTarget,
  nodes: readonly NodePlan[],
  stop: AbortSignal,
  tally: LoadTally,
): Promise<Storm> {
  const beginMs = performance.now()
  const now = () => performance.now() - beginMs
  const answers: StormAnswer[] = []
  const open = new Map<() => void, number>()
  let [connections, mostConnections, lastStartMs] = [0, 0, 0]

  const ask = (request: LoadRequest) =>
    new Promise<void>((resolve) => {
      const startMs = now()
      const done = (why: string | undefined) => {
        open.delete(expire)
        connection.close()
        if (why === undefined) tally.right(request.kind)
        else tally.wrong(request.kind, why)
        resolve()
      }
      // A hundred addresses, so that no port is wanted again before it is free.
      const from = loopbackAddress(connections++ % 100)
      const connection = openConnection(target, from, {
        answered(answer) {
          answers.push({ startMs, tookMs: now() - startMs })
          done(faultOf(answer, request.expected))
        },
        ended: (why) => done(why ?? 'the server ended the connection'),
      })
      const expire = () => done('no answer in time')
      open.set(expire, startMs)
      mostConnections = Math.max(mostConnections, open.size)
      connection.send(request)
    })
  const pull = async ({ first, layers: wanted, atOnce }: NodePlan) => {
    lastStartMs = Math.max(lastStartMs, now())
    for (const request of first) await ask(request)
    let next = 0
    const askOn = async () => {
      while (next < wanted.length && !stop.aborted) await ask(wanted[next++]!)
    }
    await Promise.all(Array.from({ length: atOnce }, askOn))
  }
  const watch = setInterval(() => {
    for (const [expire, startMs] of open) if (now() - startMs > answerWithinMs) expire()
  }, 1000)

  try {
    const pulls = nodes.map(async (node) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(node.startMs - now(), 0)))
      if (!stop.aborted) await pull(node)
    })
    await Promise.all(pulls)
    stop.throwIfAborted()
  } finally {
    clearInterval(watch)
  }
  const lastAnswerMs = answers.reduce((last, each) => Math.max(last, each.startMs + each.tookMs), 0)
  return { answers, lastStartMs, lastAnswerMs, mostConnections }
}
