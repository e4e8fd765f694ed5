import { messageOf } from '../upstream/fetch.ts'
import { within } from '../within.ts'

/** What a body that is passed on must be like. */
export type BodyLimits = {
  /** What its Content-Length promises; undefined: it promises nothing. */
  readonly exactBytes: number | undefined
  readonly maxBytes: number
  /** How long it may be silent, in milliseconds. */
  readonly idleMs: number
  /** How long its reader may leave it lying: whoever does not read takes a place all the same. */
  readonly readerIdleMs: number
}

/**
 * A body, chunk by chunk as its reader takes it. One that is cut short, too long or silent fails, so
 * that the reader's connection breaks: nobody is to take half a blob for a whole one. `onEnd` is
 * called at its end, whichever.
 */
export function guardBody(
  body: ReadableStream<Uint8Array>,
  limits: BodyLimits,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const most = limits.exactBytes ?? limits.maxBytes
  let bytes = 0
  const read = async () => {
    const { done, value } = await within(limits.idleMs, reader.read(), () => {
      throw new Error(`no byte came for ${limits.idleMs} ms`)
    })
    bytes += value?.length ?? 0
    if (bytes > most) throw new Error(`wanted ${most} bytes at most, got more`)
    if (done && limits.exactBytes !== undefined && bytes < limits.exactBytes) {
      throw new Error(`wanted ${limits.exactBytes} bytes, got ${bytes}`)
    }
    return value
  }

  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(timer)
    onEnd()
  }
  const breakOff = (controller: ReadableStreamDefaultController, cause: unknown) => {
    end()
    // Not awaited: a body that hangs may hang here too.
    reader.cancel().catch(() => {})
    controller.error(brokenOff(cause))
  }

  const expectReader = (controller: ReadableStreamDefaultController) => {
    const why = `the client did not read for ${limits.readerIdleMs} ms`
    timer = setTimeout(() => breakOff(controller, new Error(why)), limits.readerIdleMs)
  }

  return new ReadableStream<Uint8Array>(
    {
      start: expectReader,
      async pull(controller) {
        clearTimeout(timer)
        try {
          const chunk = await read()
          if (chunk === undefined) {
            end()
            return controller.close()
          }
          expectReader(controller)
          controller.enqueue(chunk)
        } catch (cause) {
          breakOff(controller, cause)
        }
      },
      cancel(reason) {
        end()
        return reader.cancel(reason)
      },
    },
    // Nothing is read ahead: one chunk is held, and a failure meets a reader that waits for it.
    // @hono/node-server writes an end to the answer where one comes at any other time.
    { highWaterMark: 0 },
  )
}

/** @hono/node-server writes it to standard error, where one line of it is enough. */
function brokenOff(cause: unknown): Error {
  const error = new Error(`what the upstream sends broke off: ${messageOf(cause)}`)
  delete error.stack
  return error
}
