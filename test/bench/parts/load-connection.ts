import type { OnReadOpts, Socket } from 'node:net'
import { connect } from 'node:net'
import type { Answer } from './load-answer.ts'
import { parseAnswer } from './load-answer.ts'

/** One request on the wire, and whether its answer has a body. */
export type WireRequest = { readonly bytes: Buffer; readonly isHead: boolean }

/** A connection of the load: one request at a time. */
export type LoadConnection = {
  readonly send: (request: WireRequest) => void
  readonly close: () => void
}

export type LoadConnectionEvents = {
  readonly answered: (answer: Answer) => void
  /**
   * It is over, and not by `close`. `why` is a code of the system's (`ECONNRESET`), or says what was
   * wrong with what came; undefined: the server ended it.
   */
  readonly ended: (why: string | undefined) => void
}

export type LoadTarget = { readonly host: string; readonly port: number }

// One for all connections: what was read is looked at before the next is read.
const buffer = Buffer.allocUnsafe(65_536)

/**
 * Opens a connection from an address of loopback, of which there are many: a client has 28,000 ports
 * to one server for each, and one that it closes is not to be had again for a minute.
 */
export function openConnection(
  target: LoadTarget,
  localAddress: string,
  events: LoadConnectionEvents,
): LoadConnection {
  let pending: WireRequest | undefined
  let received = ''
  let isOver = false
  const end = (why: string | undefined) => {
    if (isOver) return
    isOver = true
    socket.destroy()
    events.ended(why)
  }
  const take = (text: string) => {
    if (pending === undefined) return end(`what nobody asked for: ${JSON.stringify(text)}`)
    received += text
    let answer: Answer | undefined
    try {
      answer = parseAnswer(received, pending.isHead)
    } catch (error) {
      return end((error as Error).message)
    }
    if (answer === undefined) return
    if (received.length > answer.length) return end(`more than one answer: ${received}`)
    pending = undefined
    received = ''
    events.answered(answer)
  }
  // A buffer of our own spares one for each answer.
  const onread: OnReadOpts = {
    buffer,
    callback(bytes) {
      take(buffer.toString('latin1', 0, bytes))
      return true
    },
  }
  const socket: Socket = connect({ ...target, localAddress, noDelay: true, onread })
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  socket.on('end', () => end(undefined))
  socket.on('close', () => end(undefined))

  return {
    send(request) {
      pending = request
      socket.write(request.bytes)
    },
    close() {
      isOver = true
      socket.destroy()
    },
  }
}

/** The nth address of loopback that load comes from: 127.0.1.1 and on, for n below 60,000. */
export function loopbackAddress(n: number): string {
  return `127.0.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`
}
