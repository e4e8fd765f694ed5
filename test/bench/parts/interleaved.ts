/** Something that is done `calls` times in a round: enough for some milliseconds. */
export type Timed = { readonly step: (n: number) => unknown; readonly calls: number }

/**
 * The processor time of one call of each, in nanoseconds, in every round but the first two, which are
 * for the compiler. Rounds are interleaved, so that a slow moment of the machine is everyone's.
 */
export function interleavedCpuNs(
  timed: readonly Timed[],
  rounds: number,
): readonly (readonly number[])[] {
  const times = timed.map(() => [] as number[])
  for (let round = -2; round < rounds; round++) {
    for (const [at, each] of timed.entries()) {
      const time = cpuNsOf(each, round * each.calls)
      if (round >= 0) times[at]!.push(time)
    }
  }
  return times
}

/** What is given back is looked at, so that nothing is left out as useless. */
function cpuNsOf({ step, calls }: Timed, from: number): number {
  let given = 0
  const start = process.cpuUsage()
  for (let n = from; n < from + calls; n++) if (step(n) !== undefined) given++
  const { user, system } = process.cpuUsage(start)
  if (given === 0) throw new Error('wanted something of what is timed, got nothing')
  return ((user + system) * 1000) / calls
}
