import { readFileSync, writeFileSync } from 'node:fs'
import { tableOf, withoutWidths } from '../../conformance/document.ts'

/** What a drill left: its cells, in the order of the heads. */
export type DrillRow = readonly [what: string, how: string, clients: string, operators: string]

const file = new URL('../../../docs/drills.md', import.meta.url)
const head = ['what', 'how', 'what clients got', 'what operators saw']
const begin = '<!-- drills: written by the run, see above -->'
const end = '<!-- end of drills -->'

/**
 * The table of docs/drills.md as the page has it, and as these drills went; widths do not count. With
 * NEARPORT_DRILL_TABLE=1 it is written, and the next run is held to it.
 */
export function compareDrills(rows: readonly DrillRow[]): {
  readonly said: string
  readonly found: string
} {
  const page = readFileSync(file, 'utf8')
  const [from, to] = [page.indexOf(begin) + begin.length, page.indexOf(end)]
  if (to < from || from < begin.length) throw new Error(`wanted ${begin} and its end in drills.md`)
  const table = tableOf(head, rows)
  const found = withoutWidths(table)
  if (process.env['NEARPORT_DRILL_TABLE'] !== '1') {
    return { said: withoutWidths(page.slice(from, to).trim()), found }
  }
  writeFileSync(file, `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`)
  return { said: found, found }
}
