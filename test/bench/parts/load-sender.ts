import type { LoadConnection, LoadTarget } from './load-connection.ts'
import { loopbackAddress, openConnection } from './load-connection.ts'
import { faultOf } from './load-answer.ts'
import type { LoadRequest } from './load-requests.ts'
import { createRandom } from './random.ts'

/** Sends requests over connections that come and go, and checks every answer. */
export type Sender = {
  /** Sends at once where a connection is free or may be opened, else as soon as one is. */
  readonly send: (request: LoadRequest, intendedMs: number) => void
  /** Under way or waiting for a connection. */
  readonly underWay: () => number
  readonly close: () => void
}

/** What becomes of a request. Times are of `performance.now()`. */
export type SenderEvents = {
  /** `tookMs` is from when it was meant to be sent, whenever it was. */
  readonly answered: (request: LoadRequest, tookMs: number, fault: string | undefined) => void
  readonly failed: (request: LoadRequest, why: string) => void
}

/** One in so many requests has a connection of its own. */
const freshOneIn = 33
/** Others carry as many as this in the mean, and at most twice as many. */
const meanRequests = 200
/** More than these at once wait: a server that stands still must not take all our descriptors. */
const mostConnections = 2000
const answerWithinMs = 10_000
/** Below what a server keeps an idle connection for, so that a request never meets its end. */
const idleForMs = 30_000

type Pending = { readonly request: LoadRequest; readonly intendedMs: number }
type Slot = {
  readonly connection: LoadConnection
  left: number
  pending: Pending | undefined
  sinceMs: number
  isOver: boolean
}

export function createSender(target: LoadTarget, seed: number, events: SenderEvents): Sender {
  const random = createRandom(seed)
  const slots = new Set<Slot>()
  // The last one used is the next one used, so that those that a burst needed get idle and go.
  let idle: Slot[] = []
  const waiting: Pending[] = []
  let opened = 0

  const open = (requests: number): Slot => {
    const connection = openConnection(target, loopbackAddress(opened++ % 64), {
      answered(answer) {
        const { request, intendedMs } = slot.pending!
        slot.pending = undefined
        slot.left--
        if (answer.closes || slot.left === 0) drop(slot)
        else release(slot)
        const tookMs = performance.now() - intendedMs
        events.answered(request, tookMs, faultOf(answer, request.expected))
        sendWaiting()
      },
      ended: (why) => fail(slot, why ?? 'the server ended the connection'),
    })
    const slot: Slot = { connection, left: requests, pending: undefined, sinceMs: 0, isOver: false }
    slots.add(slot)
    return slot
  }
  const use = (slot: Slot, pending: Pending) => {
    slot.pending = pending
    slot.sinceMs = performance.now()
    slot.connection.send(pending.request)
  }
  const release = (slot: Slot) => {
    slot.sinceMs = performance.now()
    idle.push(slot)
  }
  const drop = (slot: Slot) => {
    slot.isOver = true
    slots.delete(slot)
    slot.connection.close()
  }
  const fail = (slot: Slot, why: string) => {
    drop(slot)
    // One that is idle may end: so do connections.
    if (slot.pending !== undefined) events.failed(slot.pending.request, why)
    sendWaiting()
  }
  const takeFree = (): Slot | undefined => {
    if (slots.size < mostConnections && random() < 1 / freshOneIn) return open(1)
    for (let slot = idle.pop(); slot !== undefined; slot = idle.pop()) if (!slot.isOver) return slot
    if (slots.size >= mostConnections) return undefined
    return open(1 + Math.floor(random() * 2 * meanRequests))
  }
  const sendWaiting = () => {
    while (waiting.length > 0) {
      const slot = takeFree()
      if (slot === undefined) return
      use(slot, waiting.shift()!)
    }
  }
  const watch = setInterval(() => {
    idle = idle.filter(({ isOver }) => !isOver)
    const now = performance.now()
    for (const slot of slots) {
      const forMs = now - slot.sinceMs
      if (slot.pending === undefined && forMs > idleForMs) drop(slot)
      if (slot.pending !== undefined && forMs > answerWithinMs) fail(slot, 'no answer in time')
    }
  }, 1000)

  return {
    send(request, intendedMs) {
      const slot = waiting.length > 0 ? undefined : takeFree()
      if (slot === undefined) waiting.push({ request, intendedMs })
      else use(slot, { request, intendedMs })
    },
    underWay: () => slots.size - idle.filter(({ isOver }) => !isOver).length + waiting.length,
    close() {
      clearInterval(watch)
      for (const slot of slots) drop(slot)
    },
  }
}
