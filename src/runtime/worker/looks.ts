/** Something that is to be looked at again every so often, where nothing runs between requests. */
export type Look = {
  readonly everyMs: number
  readonly look: () => Promise<void>
}

/**
 * Tells, as requests come, which looks are due, and counts them as done: their time is kept, and no
 * promise, so that one that was cut off with its request holds nobody up and is made again.
 */
export function createLooks(looks: readonly Look[]): (nowMs: number) => readonly Look[] {
  const lastMs = looks.map(() => -Infinity)
  return (nowMs) =>
    looks.filter(({ everyMs }, at) => {
      if (nowMs - lastMs[at]! < everyMs) return false
      lastMs[at] = nowMs
      return true
    })
}
