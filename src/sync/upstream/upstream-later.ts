import type { Dispatcher } from 'undici'
import type { Trip } from './upstream-trip.ts'

/**
 * Lets a request go when what it waits for is there, its deadline standing still until then. What
 * fails meanwhile is the request's failure.
 */
export function goLater<T>(
  waiting: Promise<T>,
  trip: Trip | undefined,
  go: (value: T) => unknown,
  handler: Dispatcher.DispatchHandler,
): void {
  trip?.deadline.pause()
  void wait()

  async function wait(): Promise<void> {
    let value: T
    try {
      value = await waiting
    } catch (error) {
      handler.onResponseError?.(noController, error as Error)
      return
    } finally {
      trip?.deadline.resume()
    }
    go(value)
  }
}

/** Of a request that never came to a connection. */
const noController: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
}
