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

/** Prints rows under each other; the first is the head. */
export function printTable(rows: readonly (readonly string[])[]): void {
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
