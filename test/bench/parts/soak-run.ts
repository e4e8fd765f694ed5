import { setTimeout as sleep } from 'node:timers/promises'
import type { Histogram } from './load-histogram.ts'
import { createHistogram } from './load-histogram.ts'
import { pace } from './load-pace.ts'
import type { LoadRequest } from './load-requests.ts'
import type { Sender } from './load-sender.ts'
import { createSender } from './load-sender.ts'
import type { LoadedServer } from './load-serve.ts'
import type { LoadTally } from './load-tally.ts'
import { createTally } from './load-tally.ts'
import { beHostile, hostilities } from './soak-hostile.ts'
import type { Soaked } from './soak-report.ts'
import { startSampling } from './soak-samples.ts'

export type SoakPlan = {
  /** Sent one after the other, and again from the first. */
  readonly requests: readonly LoadRequest[]
  readonly minutes: number
  /** In requests a second; undefined: half of what the server answers. */
  readonly rate: number | undefined
  readonly stop: AbortSignal
}

const atOnce = 64
const [warmUpMs, fullRateMs] = [5000, 5000]
/** One hostile client beside so many requests. */
const hostileOneIn = 100

/** Finds the full rate of a server, and sends half of it for minutes. The server has stopped after it. */
export async function soak(server: LoadedServer, plan: SoakPlan): Promise<Soaked> {
  const load = createLoad(server, plan.requests)
  const full = await findFullRate(load, plan.stop)
  const rate = plan.rate ?? full.aSecond / 2
  console.log(`${Math.round(full.aSecond)} a second at most; ${Math.round(rate)} from now on`)

  const [lateness, hostility] = [createHistogram(), createHostility(server, load.tally)]
  load.latencies.clear()
  const sampling = startSampling(server, load.latencies)
  const ownShare = ownShareFromNow()
  await pace(rate, plan.minutes * 60_000, plan.stop, (dueMs) => {
    lateness.add(performance.now() - dueMs)
    load.send(dueMs)
    hostility.beside()
  })
  const share = ownShare()
  await sampling.end()
  plan.stop.throwIfAborted()
  await untilIdle(load.sender)
  await hostility.end()
  load.sender.close()
  const events = await server.finish()
  return {
    minutes: plan.minutes,
    fullRate: full.aSecond,
    rate,
    samples: sampling.samples,
    tally: load.tally,
    events: events.requests,
    eventFaults: events.faults,
    answered: load.answered(),
    ownShareAtFull: full.ownShare,
    ownShare: share,
    lateMs: lateness.quantileMs(0.99),
  }
}

/** Requests in turn, and what came of them. */
type Load = {
  readonly send: (dueMs: number) => void
  readonly sender: Sender
  readonly tally: LoadTally
  readonly latencies: Histogram
  readonly answered: () => number
  /** What is done whenever a request is over. */
  onOver: () => void
}

function createLoad(server: LoadedServer, requests: readonly LoadRequest[]): Load {
  const [tally, latencies] = [createTally(), createHistogram()]
  let [answered, next] = [0, 0]
  const sender = createSender(server.target, 11, {
    answered(request, tookMs, fault) {
      answered++
      latencies.add(tookMs)
      if (fault === undefined) tally.right(request.kind)
      else tally.wrong(request.kind, fault)
      load.onOver()
    },
    failed(request, why) {
      tally.wrong(request.kind, why)
      load.onOver()
    },
  })
  const load: Load = {
    send: (dueMs) => sender.send(requests[next++ % requests.length]!, dueMs),
    sender,
    tally,
    latencies,
    answered: () => answered,
    onOver() {},
  }
  return load
}

/** As fast as it goes, each as soon as one before is over. */
async function findFullRate(
  load: Load,
  stop: AbortSignal,
): Promise<{ readonly aSecond: number; readonly ownShare: number }> {
  load.onOver = () => load.send(performance.now())
  for (let n = 0; n < atOnce; n++) load.onOver()
  await sleep(warmUpMs, undefined, { signal: stop })
  const [before, beganMs, ownShare] = [load.answered(), performance.now(), ownShareFromNow()]
  await sleep(fullRateMs, undefined, { signal: stop })
  const seconds = (performance.now() - beganMs) / 1000
  const found = { aSecond: (load.answered() - before) / seconds, ownShare: ownShare() }
  load.onOver = () => {}
  await untilIdle(load.sender)
  return found
}

/** Hostile clients, one kind after the other, beside the requests of honest ones. */
function createHostility({ target }: LoadedServer, tally: LoadTally) {
  const underWay = new Set<Promise<void>>()
  let count = 0
  const come = async (nth: number) => {
    const fault = await beHostile(target, nth, hostilities[nth % hostilities.length]!)
    if (fault === undefined) tally.right('hostile')
    else tally.wrong('hostile', fault)
  }
  return {
    beside() {
      if (++count % hostileOneIn !== 0) return
      const coming = come(count / hostileOneIn).finally(() => underWay.delete(coming))
      underWay.add(coming)
    },
    end: () => Promise.all(underWay),
  }
}

async function untilIdle(sender: Sender): Promise<void> {
  while (sender.underWay() > 0) await sleep(20)
}

/** What share of a core this process takes, from now on. */
function ownShareFromNow(): () => number {
  const [cpu, startMs] = [process.cpuUsage(), performance.now()]
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return (user + system) / 1000 / (performance.now() - startMs)
  }
}
