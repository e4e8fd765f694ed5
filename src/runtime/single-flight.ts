/**
 * Runs one call for all who ask for the same key at once. For Node alone: on Workers a promise made
 * by a request whose client left may never settle, and everyone who waits for it hangs.
 */
export function createSingleFlight<T>(): (key: string, run: () => Promise<T>) => Promise<T> {
  const flights = new Map<string, Promise<T>>()
  return (key, run) => {
    const under = flights.get(key)
    if (under !== undefined) return under
    const flight = run().finally(() => flights.delete(key))
    flights.set(key, flight)
    return flight
  }
}
