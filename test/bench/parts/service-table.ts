import { references } from './service-references.ts'
import type { Round } from './rounds.ts'
import type { Table } from './performance-page.ts'
import { spread } from './table.ts'

/** A server with all that was measured of it. */
export type MeasuredServer = {
  readonly name: string
  readonly rounds: readonly Round[]
  readonly startsMs: readonly number[]
  readonly beforeBytes: number
  readonly afterBytes: number
}

/** Tables of rate, processor time, latency and footprint, each beside the references in the same round. */
export function serviceTables(servers: readonly MeasuredServer[]): readonly Table[] {
  const beside = Object.values(references).flatMap((name) =>
    servers.filter((server) => server.name === name),
  )
  const shortName = (name: string) => `× ${name.split(',')[0]!.replace(' net/http', '')}`
  const ratios = (server: MeasuredServer, of: (round: Round) => number) =>
    beside.map((reference) =>
      reference === server
        ? '1'
        : spread(
            server.rounds.map((round, at) => of(round) / of(reference.rounds[at]!)),
            2,
          ),
    )
  const table = (
    head: readonly string[],
    row: (server: MeasuredServer) => readonly string[],
  ): Table => [head, ...servers.map((server) => [server.name, ...row(server)])]
  const column = ({ rounds }: MeasuredServer, digits: number, of: (round: Round) => number) =>
    spread(rounds.map(of), digits)
  const names = beside.map(({ name }) => shortName(name))

  return [
    table(['one core', 'requests a second', ...names], (server) => [
      column(server, 0, ({ aSecond }) => aSecond),
      ...ratios(server, ({ aSecond }) => aSecond),
    ]),
    table(['one core', 'CPU a request, µs', ...names, 'its core busy, %'], (server) => [
      column(server, 1, ({ cpuUs }) => cpuUs),
      ...ratios(server, ({ cpuUs }) => cpuUs),
      column(server, 0, ({ cpuUs, aSecond }) => (cpuUs * aSecond) / 1e4),
    ]),
    table(
      ['one core', 'p50, ms', 'p99, ms', 'p99.9, ms', ...names.map((name) => `p99 ${name}`)],
      (server) => [
        column(server, 2, ({ p50Ms }) => p50Ms),
        column(server, 2, ({ p99Ms }) => p99Ms),
        column(server, 2, ({ p999Ms }) => p999Ms),
        ...ratios(server, ({ p99Ms }) => p99Ms),
      ],
    ),
    table(
      ['', 'exec to first answer, ms', 'memory before, MB', 'after, MB', 'requests'],
      ({ startsMs, beforeBytes, afterBytes, rounds }) => [
        spread(startsMs, 0),
        spread([beforeBytes], 0, 1e6),
        spread([afterBytes], 0, 1e6),
        String(rounds.reduce((sum, { requests }) => sum + requests, 0)),
      ],
    ),
  ]
}
