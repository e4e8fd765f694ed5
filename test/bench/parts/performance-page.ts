import { readFileSync, writeFileSync } from 'node:fs'
import { machineText } from './machine.ts'

const file = new URL('../../../docs/performance.md', import.meta.url)

/**
 * Writes tables into a section of docs/performance.md, where NEARPORT_PERFORMANCE_TABLE=1 asks for
 * it, with the command, the machine and `said` (the load, the versions) under them. The section is
 * named after its bench, and what is around it is whoever's who wrote it. Throws where the page has
 * no such section.
 */
export function writeSection(
  section: string,
  tables: readonly Table[],
  said: readonly string[],
): void {
  if (process.env['NEARPORT_PERFORMANCE_TABLE'] !== '1') return
  const flags = process.argv.slice(2).filter((arg, at, all) => isFlag(arg) || isFlag(all[at - 1]))
  const command = ['npm run bench --', section, ...flags].join(' ')
  const under = [`\`${command}\``, ...said, machineText(), new Date().toISOString().slice(0, 10)]
  const content = [...tables.map(markdownTable), `${under.join('; ')}.`].join('\n\n')
  writeFileSync(file, replaceSection(readFileSync(file, 'utf8'), section, content))
}

/** Rows of one table; the first is the head, and its first cell may be empty. */
export type Table = readonly (readonly string[])[]

/** A page with something else between the marks of one section. */
export function replaceSection(page: string, section: string, content: string): string {
  const [begin, end] = marksOf(section)
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`wanted ${begin} and ${end} in docs/performance.md`)
  return `${page.slice(0, from)}${begin}\n\n${content}\n\n${page.slice(to)}`
}

/** What stands before and after that which a bench writes. */
export function marksOf(section: string): readonly [begin: string, end: string] {
  return [`<!-- bench: ${section} -->`, `<!-- end of bench: ${section} -->`]
}

/** Names to the left, figures to the right, padded as oxfmt pads them. */
export function markdownTable(rows: Table): string {
  const widths = rows[0]!.map((_, at) => Math.max(4, ...rows.map((row) => (row[at] ?? '').length)))
  const lineOf = (row: readonly string[]) => {
    const cells = widths.map((width, at) =>
      at === 0 ? (row[at] ?? '').padEnd(width) : (row[at] ?? '').padStart(width),
    )
    return `| ${cells.join(' | ')} |`
  }
  const rule = widths.map((width, at) =>
    at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [lineOf(rows[0]!), lineOf(rule), ...rows.slice(1).map(lineOf)].join('\n')
}

function isFlag(arg: string | undefined): boolean {
  return arg?.startsWith('--') === true
}
