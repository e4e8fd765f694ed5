import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Ask } from './asks.ts'
import { requestText } from './asks.ts'

export type RawLoad = {
  readonly port: number
  readonly asks: readonly Ask[]
  /** What every answer must be. */
  readonly status: number
  readonly connections: number
  readonly seconds: number
}

/**
 * Asks in turn over kept connections for so many seconds, and returns how many answers came. It is
 * here since wrk waits for a body after HEAD. Throws on another status, or where a connection ends.
 */
export async function askRaw(load: RawLoad): Promise<number> {
  const texts = load.asks.map((ask) => Buffer.from(requestText(ask)))
  const isHead = load.asks[0]!.method === 'HEAD'
  const end = performance.now() + load.seconds * 1000
  let answers = 0
  await Promise.all(
    Array.from({ length: load.connections }, (_, n) => {
      const first = Math.floor((n * texts.length) / load.connections)
      let at = first
      return converse(connect(load.port, '127.0.0.1'), {
        next: () => {
          // However late it is connected, each asks once.
          const isDue = at === first || performance.now() < end
          return isDue ? texts[at++ % texts.length] : undefined
        },
        lengthOf: (text) => answerLength(text, isHead),
        heard: (text) => {
          answers++
          if (!text.startsWith(`HTTP/1.1 ${load.status} `)) {
            throw new Error(`wanted ${load.status} for ${load.asks[0]!.path}, got:\n${text}`)
          }
        },
      })
    }),
  )
  return answers
}

type Talk = {
  /** What is asked next, or undefined where it is enough. */
  readonly next: () => Buffer | undefined
  /** How long the answer is that a text begins with, or undefined where it is not whole. */
  readonly lengthOf: (text: string) => number | undefined
  readonly heard: (text: string) => void
}

function converse(socket: Socket, { next, lengthOf, heard }: Talk): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    const askOn = () => {
      const request = next()
      if (request !== undefined) return socket.write(request)
      socket.destroy()
      return resolve()
    }
    socket.once('connect', askOn)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`the connection ended after ${text}`)))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const length = lengthOf(text)
      if (length === undefined) return
      try {
        heard(text.slice(0, length))
      } catch (error) {
        reject(error)
        socket.destroy()
        return
      }
      text = text.slice(length)
      askOn()
    })
  })
}

/** Only answers that say how long they are: nearport's own all do. */
function answerLength(text: string, isHead: boolean): number | undefined {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  const [, body] = isHead ? [] : (/\r\ncontent-length: *(\d+)/i.exec(text) ?? [])
  const length = head + 4 + Number(body ?? 0)
  return text.length < length ? undefined : length
}
