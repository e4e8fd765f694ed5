/**
 * Gathers what comes in one turn of the event loop, and hands it on piece by piece, in its order, when
 * all that came in that turn has come. What comes alone waits for nothing.
 *
 * Answers are written so, after the last of their turn is decided. Written one by one between decisions,
 * each wakes a client that had time to go to sleep: of 81 µs of CPU a redirect at 64 connections, that
 * was 36 on Node (12 interleaved rounds), and 7 of 38 on Bun.
 */
export function atEndOfTurn<T>(handOn: (piece: T) => void): (piece: T) => void {
  let gathered: T[] = []
  const handAllOn = () => {
    const all = gathered
    gathered = []
    for (const each of all) handOn(each)
  }
  return (piece) => {
    if (gathered.push(piece) === 1) setImmediate(handAllOn)
  }
}
