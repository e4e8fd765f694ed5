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
  const timer = setTimeout(() => {
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  }, ms)
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
    },
  }
}
