import sonicBoom from 'sonic-boom'

/** Where events go: a line each, written without ever making the service wait. */
export type Log = {
  readonly write: (event: object) => void
  /** Resolves when all is written out, or after a second where the reader is stuck. */
  readonly end: () => Promise<void>
}

/** A log whose reader is stuck must not fill our memory. */
const mostHeldBytes = 16 * 1024 * 1024
const endWithinMs = 1000

/**
 * Creates a log of JSON lines on a file descriptor. `process.stdout` would not do: on Linux it
 * waits for the reader of a pipe, and with it every client would. While the reader is too far
 * behind, lines are left out, and once it has caught up one line says how many:
 * `{"event":"events-lost","count":N}`. A reader that is gone takes nothing with it.
 */
export function createLog(fd: number): Log {
  const stream = new sonicBoom.SonicBoom({ fd, sync: false, maxLength: mostHeldBytes })
  const writeLine = (event: object) => stream.write(`${JSON.stringify(event)}\n`)
  let lost = 0
  stream.on('drop', () => lost++)
  stream.on('drain', () => {
    if (lost === 0) return
    const count = lost
    lost = 0
    writeLine({ event: 'events-lost', count })
  })
  // Nobody is left to be told.
  stream.on('error', () => {})

  return {
    write: writeLine,
    end: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          // A write that waits for its reader would keep the process from ending.
          stream.destroy()
          resolve()
        }, endWithinMs)
        stream.flush(() => {
          clearTimeout(timer)
          resolve()
        })
      }),
  }
}
