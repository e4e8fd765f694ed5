import type { Dispatcher } from 'undici'
import type { TokenBucket } from './rate-limit.ts'

/**
 * Wraps a handler so that its body comes no faster than a bucket of bytes fills. The connection is
 * paused and nothing is kept: the other side is held back by TCP. `onPause` hears how long, with
 * the time's end in `onResume`.
 */
export function paceBody(
  handler: Dispatcher.DispatchHandler,
  bucket: TokenBucket,
  onPause: (ms: number) => void,
  onResume: () => void,
): Dispatcher.DispatchHandler {
  let controller: PacedController | undefined
  let timer: NodeJS.Timeout | undefined

  return {
    onRequestStart(real, context) {
      controller = new PacedController(real)
      handler.onRequestStart?.(controller, context)
    },
    onResponseStart(_, status, headers, message) {
      handler.onResponseStart?.(controller!, status, headers, message)
    },
    onResponseData(_, chunk) {
      bucket.spend(chunk.length)
      const waitMs = bucket.waitMs(0)
      if (waitMs > 0) {
        controller!.hold()
        onPause(waitMs)
        timer = setTimeout(end, waitMs)
      }
      handler.onResponseData?.(controller!, chunk)
    },
    onResponseEnd(_, trailers) {
      end()
      handler.onResponseEnd?.(controller!, trailers)
    },
    onResponseError(real, error) {
      end()
      handler.onResponseError?.(controller ?? real, error)
    },
  }

  function end(): void {
    if (timer === undefined) return
    clearTimeout(timer)
    timer = undefined
    onResume()
    controller!.release()
  }
}

/** Paused while its reader wants it so, or its pace. */
class PacedController implements Dispatcher.DispatchController {
  readonly #real: Dispatcher.DispatchController
  #isPaused = false
  #isHeld = false

  constructor(real: Dispatcher.DispatchController) {
    this.#real = real
  }

  hold(): void {
    this.#isHeld = true
    this.#real.pause()
  }

  release(): void {
    this.#isHeld = false
    if (!this.#isPaused) this.#real.resume()
  }

  pause(): void {
    this.#isPaused = true
    this.#real.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#isHeld) this.#real.resume()
  }

  abort(reason: Error): void {
    this.#real.abort(reason)
  }

  get aborted(): boolean {
    return this.#real.aborted
  }

  get paused(): boolean {
    return this.#real.paused
  }

  get reason(): Error | null {
    return this.#real.reason
  }

  get rawHeaders() {
    return this.#real.rawHeaders ?? null
  }

  get rawTrailers() {
    return this.#real.rawTrailers ?? null
  }
}
