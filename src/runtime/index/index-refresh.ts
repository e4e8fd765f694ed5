import type { Config } from '../../config.ts'
import type { IndexEvent } from '../../core/event.ts'
import type { IndexKeeper } from '../../proxy/index-keeper.ts'

/**
 * How long the service waits for its first index. Without one it sends everyone to the upstream,
 * which is sound.
 */
const firstLookMs = 3000

/**
 * Loads the index, then looks for a newer one for as long as the service lives. Resolves once the
 * first look is over, whatever came of it, or takes too long, with the function that ends it all.
 */
export async function startRefreshing(
  keeper: IndexKeeper,
  { refreshSeconds }: Config['index'],
  record: (event: IndexEvent) => void,
): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const refresh = async () => {
    const event = await keeper.refresh()
    // A look that found nothing new and nothing wrong is no news.
    if (event.outcome !== 'unchanged' || event.problems.length > 0) record(event)
    if (stopped) return
    // A little apart, so that replicas that started together do not ask together for ever.
    timer = setTimeout(() => void refresh(), refreshSeconds * 1000 * (0.9 + 0.2 * Math.random()))
    timer.unref()
  }
  let waiting: NodeJS.Timeout | undefined
  const longEnough = new Promise<void>((resolve) => (waiting = setTimeout(resolve, firstLookMs)))
  await Promise.race([refresh(), longEnough])
  clearTimeout(waiting)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
