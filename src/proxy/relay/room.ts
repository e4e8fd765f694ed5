/** Places for so many at once. Whoever gets none is sent away, and nobody waits. */
export type Room = {
  /** A place, as the call that gives it back (once, however often it is made); or none. */
  readonly enter: () => (() => void) | undefined
}

/** Makes room for so many. */
export function createRoom(places: number): Room {
  let taken = 0
  return {
    enter() {
      if (taken >= places) return undefined
      taken++
      let left = false
      return () => {
        if (!left) taken--
        left = true
      }
    },
  }
}
