/** A few lines at the end of a terminal's text that are drawn over themselves. */
export type Screen = {
  readonly draw: (lines: readonly string[]) => void
  /** Says something for good, above the lines, which come again with the next `draw`. */
  readonly say: (text: string) => void
  readonly clear: () => void
}

/** Creates the screen. `columns` is asked each time, as people change their windows. */
export function createScreen(err: (text: string) => void, columns: () => number): Screen {
  /** What is there now; the cursor is at the end of the last. */
  let drawn: readonly string[] = []

  return {
    draw(lines) {
      // One write: a terminal that shows the half of it would flicker.
      err(`${toStart()}${lines.map((line) => `${line}\u001B[K`).join('\n')}\u001B[J`)
      drawn = lines
    },
    say(text) {
      err(`${toStart()}\u001B[J${text}\n`)
      drawn = []
    },
    clear() {
      err(`${toStart()}\u001B[J`)
      drawn = []
    },
  }

  /** In a window that was made narrower, what was one line is several. */
  function toStart(): string {
    const width = columns()
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0)
    return rows > 1 ? `\r\u001B[${rows - 1}A` : '\r'
  }
}
