/**
 * Calls `send` at a rate, whatever becomes of what was sent: so many each millisecond, with the
 * millisecond that each was due at (`performance.now()`). A time that is taken from then on holds what
 * a server that stands still costs those who come meanwhile, and our own being late.
 */
export async function pace(
  ratePerSecond: number,
  forMs: number,
  stop: AbortSignal,
  send: (dueMs: number) => void,
): Promise<void> {
  const startMs = performance.now()
  let tick = 0
  let sent = 0
  await new Promise<void>((resolve) => {
    const step = () => {
      const elapsedMs = performance.now() - startMs
      while (tick < elapsedMs && tick < forMs) {
        tick++
        const due = Math.floor((tick * ratePerSecond) / 1000)
        for (; sent < due; sent++) send(startMs + tick - 1)
      }
      if (stop.aborted || tick >= forMs) resolve()
      else setTimeout(step, 1)
    }
    step()
  })
}
