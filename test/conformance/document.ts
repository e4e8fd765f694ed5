import { readFileSync, writeFileSync } from 'node:fs'
import type { Section } from './clause.ts'
import type { Column } from './columns.ts'
import type { KnownFailure } from './known-failures.ts'

/** What stands in the tables: check → column → `pass`, `FAIL` or `n/a`. */
export type Cells = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What has to be in the page, whatever stands in the cells. */
export type Contents = {
  readonly sections: readonly Section[]
  readonly columns: readonly Column[]
  readonly knownFailures: readonly KnownFailure[]
}

const file = new URL('../../docs/conformance.md', import.meta.url)
const begin = '<!-- results: written by the tests, see above -->'
const end = '<!-- end of the results -->'

/** The page as it is committed. */
export function readPage(): string {
  return readFileSync(file, 'utf8')
}

/** Puts the page in the place of the committed one. */
export function writePage(page: string): void {
  writeFileSync(file, page)
}

/** The cells of a page. Columns are known by their headings. */
export function readCells(page: string): Cells {
  const cells = new Map<string, Map<string, string>>()
  const [, results] = cutAt(page, begin)
  let headings: readonly string[] = []
  for (const line of results.split('\n')) {
    if (!line.startsWith('|') || line.startsWith('| --')) continue
    const row = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    const [, id] = /^`([a-z0-9-]+)`$/.exec(row[0] ?? '') ?? []
    if (id === undefined) headings = row
    else cells.set(id, new Map(headings.map((heading, at) => [heading, row[at] ?? ''])))
  }
  return cells
}

/** A page with these cells over those it has; `?` where neither says anything. */
export function renderPage(
  page: string,
  { sections, columns, knownFailures }: Contents,
  cells: Cells,
): string {
  const old = readCells(page)
  const tables = sections.map(({ title, clauses }) => {
    const head = [
      'check',
      'clause',
      'level',
      'what is asked',
      'how',
      ...columns.map(({ name }) => name),
    ]
    const rows = clauses.map(({ id, source, level, asks, how }) => [
      `\`${id}\``,
      source,
      level,
      asks,
      how,
      ...columns.map(({ name }) => cells.get(id)?.get(name) ?? old.get(id)?.get(name) ?? '?'),
    ])
    return `### ${title}\n\n${tableOf(head, rows)}`
  })
  const known = knownFailures.map(
    ({ clauses, columns: where, why }) =>
      `- ${clauses.map((id) => `\`${id}\``).join(', ')} (${where.join('; ')}): ${why}`,
  )
  const results = [...tables, `## What fails, and why\n\n${known.join('\n')}`].join('\n\n')
  const [before, rest] = cutAt(page, begin)
  const [, after] = cutAt(rest, end)
  return `${before}${begin}\n\n${results}\n\n${end}${after}`
}

/** A page without what a formatter may change: how wide columns are. */
export function withoutWidths(page: string): string {
  return page.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---')
}

function cutAt(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark)
  if (at === -1) throw new Error(`wanted ${mark} in docs/conformance.md, got none`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}

/** A table in Markdown, its columns padded as oxfmt pads them. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]!.length)))
  const lineOf = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lineOf(head), rule, ...rows.map(lineOf)].join('\n')
}
