/**
 * A time by which a call is given up. Whoever made it ends it when the call, or the body it gave,
 * is done.
 */
export type Deadline = {
  /**
   * Aborts with a TimeoutError when the time is over, and with the reason of the stop when that
   * comes first.
   */
  readonly signal: AbortSignal
  /** Stops the clock while the call waits for its turn: what takes no time takes none of its own. */
  readonly pause: () => void
  /** Lets it go on, once for each pause. */
  readonly resume: () => void
  /** Lets go of the timer and of the stop. It may be called twice. */
  readonly end: () => void
}

/**
 * Starts a deadline of so many milliseconds. Not AbortSignal.timeout: its timer, and all that
 * listens to it, would live on for minutes after a call of milliseconds, and a run makes a call for
 * every blob.
 */
export function startDeadline(ms: number, stop: AbortSignal): Deadline {
  const controller = new AbortController()
  const onStop = () => controller.abort(stop.reason)
  const onTime = () => {
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  }
  let leftMs = ms
  let startMs = Date.now()
  let pauses = 0
  let timer: NodeJS.Timeout | undefined = setTimeout(onTime, ms)
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })

  return {
    signal: controller.signal,
    pause() {
      if (pauses++ > 0) return
      clearTimeout(timer)
      leftMs -= Date.now() - startMs
    },
    resume() {
      if (--pauses > 0 || timer === undefined) return
      startMs = Date.now()
      timer = setTimeout(onTime, Math.max(0, leftMs))
    },
    end() {
      clearTimeout(timer)
      timer = undefined
      stop.removeEventListener('abort', onStop)
    },
  }
}
