import { truncate } from 'node:fs/promises'
import { cpuMsOf } from './measure.ts'
import type { PinnedServer } from './pinned.ts'
import type { WrkLoad, WrkResult } from './wrk.ts'

/** One server in one round. `cpuUs`: the server's processor time for a request, in µs. */
export type Round = WrkResult & { readonly cpuUs: number }

/** A server and who asks it. */
export type Contender = {
  readonly server: PinnedServer
  readonly ask: (port: number, load: WrkLoad) => Promise<WrkResult>
  readonly connections: number
}

export type RoundsSpec = {
  readonly rounds: number
  readonly seconds: number
  readonly stop: AbortSignal
}

/**
 * Loads servers in turn, round after round, so that a slow moment of the machine is everyone's. The
 * order moves on by one each round, for what one leaves behind is not always the same one's.
 * Returns the rounds of each.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  { rounds, seconds, stop }: RoundsSpec,
): Promise<readonly (readonly Round[])[]> {
  const measured = contenders.map(() => [] as Round[])
  for (let round = -1; round < rounds; round++) {
    for (let n = 0; n < contenders.length; n++) {
      stop.throwIfAborted()
      const at = (n + round + 1) % contenders.length
      const result = await measureRound(contenders[at]!, seconds)
      // The first is for the compilers.
      if (round >= 0) measured[at]!.push(result)
    }
  }
  return measured
}

async function measureRound(contender: Contender, seconds: number): Promise<Round> {
  const { server, ask, connections } = contender
  const beforeMs = cpuMsOf(server.pid)
  const result = await ask(server.port, { connections, seconds })
  const cpuUs = ((cpuMsOf(server.pid) - beforeMs) * 1000) / result.requests
  // A line a request: what is measured is that it is written, not that it fills a disk.
  await truncate(server.log)
  return { ...result, cpuUs }
}
