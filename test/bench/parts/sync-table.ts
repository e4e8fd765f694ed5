import type { Corpus } from './corpus.ts'
import type { Measured } from './measure.ts'
import type { RegistryTotals } from './registry.ts'
import { medianOf, publishTable, spread } from './table.ts'

/** One tool in one round: into what was empty, and once more with nothing new. */
export type Cell = {
  readonly name: string
  readonly first: Measured
  readonly firstAsked: RegistryTotals
  readonly again?: Measured
  readonly againAsked?: RegistryTotals
  /** CPU time of the first run, by what runs beside the tool: registry, store. */
  readonly cpuMs: ReadonlyMap<string, number>
}

type Pick = (cell: Cell) => number | undefined

const firstMs: Pick = ({ first }) => first.wallMs
const againMs: Pick = ({ again }) => again?.wallMs
const requests: Pick = ({ againAsked }) => againAsked?.requests

/** Prints a table of every tool's rounds, and one of nearport's times beside the better skopeo. */
export function printSyncTable(cells: readonly Cell[], corpus: Corpus): void {
  const { uniqueBytes } = corpus
  const byName = [...Map.groupBy(cells, ({ name }) => name)]
  const columns: readonly (readonly [string, Pick, number, number?])[] = [
    ['first, s', firstMs, 2, 1000],
    ['unique MB/s', ({ first }) => uniqueBytes / 1e3 / first.wallMs, 0],
    ['amplification', ({ firstAsked }) => firstAsked.blobBytes / uniqueBytes, 2],
    ['peak, MB', ({ first }) => first.peakBytes, 0, 1e6],
    ['CPU, s', ({ first }) => first.cpuMs, 1, 1000],
    ['again, s', againMs, 2, 1000],
    ['requests', requests, 0],
  ]
  console.log(
    '\nmedian (least–most) of the rounds; amplification: bytes of blobs that the registry',
  )
  console.log('sent for each unique one; requests: to the registry, with nothing new')
  const table = [
    ['', ...columns.map(([title]) => title)],
    ...byName.map(([name, rounds]) => [
      name,
      ...columns.map(([, pick, digits, unit]) => {
        const values = picked(rounds, pick)
        return values.length === 0 ? '–' : spread(values, digits, unit)
      }),
    ]),
  ]
  const skopeo = byName.flatMap(([name, rounds]) => (name.startsWith('skopeo') ? [rounds] : []))
  const ratios = byName
    .filter(([name]) => name.startsWith('nearport'))
    .map(([name, rounds]) => `${name}: ${compare(rounds, skopeo, corpus)}`)
  publishTable('sync', table, ratios)

  console.log('\nCPU of what ran beside it in the first run, s')
  for (const [name, rounds] of byName) {
    const programs = [...rounds[0]!.cpuMs].filter(([, ms]) => ms >= 50)
    const times = programs.map(([program]) => {
      const all = rounds.map(({ cpuMs }) => cpuMs.get(program) ?? 0)
      return `${program} ${(medianOf(all) / 1000).toFixed(1)}`
    })
    console.log(`  ${name}: ${times.join(', ')}`)
  }

  console.log('')
  for (const ratio of ratios) console.log(ratio)
}

function compare(
  rounds: readonly Cell[],
  skopeo: readonly (readonly Cell[])[],
  { repositories, images }: Corpus,
): string {
  const asked = Math.max(...picked(rounds, requests))
  const most = repositories.length + images
  const line = [`${asked} requests with nothing new (repositories and tags: ${most})`]
  if (skopeo.length > 0) {
    const ratio = (pick: Pick) => {
      const medians = skopeo.map((each) => picked(each, pick)).filter(({ length }) => length > 0)
      return (Math.min(...medians.map(medianOf)) / medianOf(picked(rounds, pick))).toFixed(2)
    }
    line.unshift(
      `${ratio(firstMs)} times as fast as the better skopeo sync`,
      `${ratio(againMs)} times with nothing new`,
    )
  }
  return line.join(', ')
}

function picked(rounds: readonly Cell[], pick: Pick): readonly number[] {
  return rounds.map(pick).filter((value) => value !== undefined)
}
