import { readFileSync, writeFileSync } from 'node:fs'
import { tableOf, withoutWidths } from '../../conformance/document.ts'

/** One table of docs/pulls.md: a row for each client, a column for each kind of upstream. */
export type PullTable = {
  readonly record: (client: string, upstream: string, cell: string) => void
  /** Adds to a cell that this sample came as it should; of samples that are not of the table, nothing. */
  readonly add: (client: string, upstream: string, sample: string) => void
  /** The table as the page has it, and with what was recorded; widths do not count. */
  readonly compare: () => { readonly said: string; readonly found: string }
}

/** The samples that the tables are about, by what they are called there. */
export const samples = {
  image: 'app',
  index: 'multi',
  artifact: 'artifact',
  signature: 'signature',
} as const

/** These words of the tables as a cell has them, in whatever order they come. */
export function cellOf(words: readonly string[]): string {
  return Object.keys(samples)
    .filter((word) => words.includes(word))
    .join(', ')
}

type Rows = ReadonlyMap<string, ReadonlyMap<string, string>>

const file = new URL('../../../docs/pulls.md', import.meta.url)

/**
 * The table between the marks `<!-- pulls: NAME -->` and `<!-- end of pulls: NAME -->`, which a test
 * file fills with what it saw and then holds the page to. Cells of clients that this machine lacks
 * stay as they are. With NEARPORT_PULL_TABLE=1 it is `compare` that writes the table, and the next
 * run is held to it.
 */
export function createPullTable(name: string, upstreams: readonly string[]): PullTable {
  const recorded = new Map<string, Map<string, string>>()
  const begin = `<!-- pulls: ${name} -->`
  const end = `<!-- end of pulls: ${name} -->`

  const record = (client: string, upstream: string, cell: string) => {
    const row = recorded.get(client) ?? new Map<string, string>()
    recorded.set(client, row.set(upstream, cell))
  }

  return {
    record,

    add(client, upstream, sample) {
      const before = recorded.get(client)?.get(upstream) ?? ''
      const came = Object.entries(samples).filter(([, each]) => each === sample)
      record(client, upstream, cellOf([...before.split(', '), ...came.map(([word]) => word)]))
    },

    compare() {
      const page = readFileSync(file, 'utf8')
      const [before, said, after] = cut(page, begin, end)
      const found = tableWith(recorded, rowsOf(said), upstreams)
      if (process.env['NEARPORT_PULL_TABLE'] === '1') {
        writeFileSync(file, `${before}${begin}\n\n${found}\n\n${end}${after}`)
        return { said: withoutWidths(found), found: withoutWidths(found) }
      }
      return { said: withoutWidths(said.trim()), found: withoutWidths(found) }
    },
  }
}

/** What was recorded over what the page has; `?` where neither says anything. */
function tableWith(recorded: Rows, old: Rows, upstreams: readonly string[]): string {
  const clients = [...new Set([...old.keys(), ...recorded.keys()])]
  const rows = clients.map((client) => [
    client,
    ...upstreams.map(
      (upstream) => recorded.get(client)?.get(upstream) ?? old.get(client)?.get(upstream) ?? '?',
    ),
  ])
  return tableOf(['client', ...upstreams], rows)
}

function rowsOf(table: string): Rows {
  const [head = [], , ...rows] = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
  return new Map(rows.map((row) => [row[0]!, new Map(head.map((each, at) => [each, row[at]!]))]))
}

function cut(page: string, begin: string, end: string): readonly [string, string, string] {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`wanted ${begin} and its end in docs/pulls.md`)
  return [page.slice(0, from), page.slice(from + begin.length, to), page.slice(to + end.length)]
}
