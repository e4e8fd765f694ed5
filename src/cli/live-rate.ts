/** How much came in a second of late, not since the start. */
export type Rate = {
  /** `tookMs`: over how long it came, up to `timeMs`; what came before the window is left out. */
  readonly add: (amount: number, timeMs: number, tookMs?: number) => void
  readonly perSecond: (nowMs: number) => number
}

const slotMs = 1000

/** Creates a rate over the last `windowMs`, in slots of a second. */
export function createRate(windowMs: number): Rate {
  const slots = new Map<number, number>()
  let firstMs = Infinity

  return {
    add(amount, timeMs, tookMs = 0) {
      const fromMs = timeMs - tookMs
      firstMs = Math.min(firstMs, fromMs)
      const lastSlot = Math.floor(timeMs / slotMs)
      dropBefore(firstSlot(timeMs))
      if (tookMs <= 0) {
        addTo(lastSlot, amount)
        return
      }
      const since = Math.max(Math.floor(fromMs / slotMs), firstSlot(timeMs))
      for (let slot = since; slot <= lastSlot; slot++) {
        const overlapMs = Math.min(timeMs, (slot + 1) * slotMs) - Math.max(fromMs, slot * slotMs)
        addTo(slot, (amount * overlapMs) / tookMs)
      }
    },
    perSecond(nowMs) {
      dropBefore(firstSlot(nowMs))
      let sum = 0
      for (const amount of slots.values()) sum += amount
      // The first second of all is not over yet, and its amount is no second's.
      const elapsedMs = Math.min(windowMs, Math.max(slotMs, nowMs - firstMs))
      return sum / (elapsedMs / 1000)
    },
  }

  function firstSlot(timeMs: number): number {
    return Math.floor((timeMs - windowMs) / slotMs) + 1
  }

  function dropBefore(slot: number): void {
    for (const each of slots.keys()) if (each < slot) slots.delete(each)
  }

  function addTo(slot: number, amount: number): void {
    slots.set(slot, (slots.get(slot) ?? 0) + amount)
  }
}
