import sonicBoom from 'sonic-boom'
import { eventLine } from '../core/event-line.ts'

/** Where events go: a line each, written without ever making the service wait. */
export type Log = {
  readonly write: (event: object) => void
  /** Writes lines that another log has made, each with its end. */
  readonly writeLines: (lines: string) => void
  /** Resolves when all is written out, or after a second where the reader is stuck. */
  readonly end: () => Promise<void>
}

/** A log whose reader is stuck must not fill our memory. */
const mostHeldBytes = 16 * 1024 * 1024
const endWithinMs = 1000

/**
 * Lines go out together, at once where there are many, else after so long: each by itself takes a turn
 * of the pool of threads that writes files, and has its length in bytes counted twice.
 */
const mostTogether = 64 * 1024
const togetherForMs = 20

/**
 * Creates a log of JSON lines on a file descriptor. `process.stdout` would not do: on Linux it
 * waits for the reader of a pipe, and with it every client would. While the reader is too far
 * behind, lines are left out, and once it has caught up one line says how many:
 * `{"event":"events-lost","count":N}`. A reader that is gone takes nothing with it.
 */
export function createLog(fd: number): Log {
  const stream = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: mostHeldBytes })
  let together = ''
  let timer: NodeJS.Timeout | undefined
  let lost = 0
  const writeOut = () => {
    clearTimeout(timer)
    timer = undefined
    if (together !== '') stream.write(together)
    together = ''
  }
  const writeLines = (lines: string) => {
    together += lines
    if (together.length >= mostTogether) writeOut()
    else timer ??= setTimeout(writeOut, togetherForMs)
  }
  const write = (event: object) => writeLines(`${eventLine(event)}\n`)
  stream.on('drop', (text: string) => (lost += text.split('\n').length - 1))
  stream.on('drain', () => {
    if (lost === 0) return
    const count = lost
    lost = 0
    write({ event: 'events-lost', count })
    writeOut()
  })
  // Nobody is left to be told.
  stream.on('error', () => {})

  return {
    write,
    writeLines,
    end() {
      writeOut()
      return new Promise((resolve) => {
        const givingUp = setTimeout(() => {
          // A write that waits for its reader would keep the process from ending.
          stream.destroy()
          resolve()
        }, endWithinMs)
        stream.flush(() => {
          clearTimeout(givingUp)
          resolve()
        })
      })
    },
  }
}
