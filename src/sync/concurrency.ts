/** Runs what it is given, no more than so many at once, the rest in the order they came. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

/**
 * Creates a limiter of `limit` tasks at once. A task that waits for another of the same limiter may
 * wait for ever.
 */
export function createLimiter(limit: number): Limiter {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running < limit) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // The place is handed on, not given back: nobody slips in between.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

/** Does `task` with every item, `limit` of them at once. What a task throws ends the whole. */
export async function forEachLimited<T>(
  items: Iterable<T>,
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      await task(next.value)
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
}
