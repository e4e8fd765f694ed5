import type { Table } from './performance-page.ts'
import { writeSection } from './performance-page.ts'

/** `median (least–most)`, each divided by `unit`. */
export function spread(values: readonly number[], digits: number, unit = 1): string {
  const sorted = values.toSorted((a, b) => a - b)
  const [least, most] = [sorted[0]!, sorted.at(-1)!]
  const show = (value: number) => (value / unit).toFixed(digits)
  if (values.length === 1) return show(least)
  return `${show(medianOf(values))} (${show(least)}–${show(most)})`
}

/** The middle one; of an even number the higher of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/**
 * Prints the table of a bench and, with NEARPORT_PERFORMANCE_TABLE=1, writes it into the section of
 * docs/performance.md that is named after it. `said`: the load, and versions of other programs.
 */
export function publishTable(section: string, rows: Table, said: readonly string[] = []): void {
  publishTables(section, [rows], said)
}

/** The same of several tables in one section. */
export function publishTables(
  section: string,
  tables: readonly Table[],
  said: readonly string[] = [],
): void {
  for (const [at, rows] of tables.entries()) {
    if (at > 0) console.log('')
    printTable(rows)
  }
  writeSection(section, tables, [...said, `Node ${process.version}`])
}

/** Prints rows under each other; the first is the head. */
export function printTable(rows: Table): void {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
    )
    console.log(`  ${cells.join('  ').trimEnd()}`)
  }
}
