/** A terminal as a person sees it: what is written moves a cursor about and fills rows. */
export type ScreenDouble = {
  readonly write: (text: string) => void
  /** Makes the window wider or narrower: what was one line is as many rows as it needs. */
  readonly resize: (columns: number) => void
  readonly columns: () => number
  /** What is there, without empty rows at the end. */
  readonly rows: () => readonly string[]
  readonly writes: () => number
}

/** Creates an empty one. It knows the control sequences that are used here, and throws for others. */
export function createScreenDouble(width: number): ScreenDouble {
  let columns = width
  let writes = 0
  let rows: { text: string; goesOn: boolean }[] = [{ text: '', goesOn: false }]
  let row = 0
  let column = 0

  return {
    write(text) {
      writes++
      const [first, ...sequences] = text.split('\u001B')
      for (const character of first!) put(character)
      for (const sequence of sequences) {
        const [, count, letter, rest] = /^\[(\d*)([A-Za-z])([^]*)$/.exec(sequence) ?? []
        control(`${letter}`, Number(count))
        for (const character of rest!) put(character)
      }
    },
    resize(wanted) {
      const lines: string[] = []
      for (const each of rows) {
        if (each.goesOn) lines.push(lines.pop()! + each.text)
        else lines.push(each.text)
      }
      columns = wanted
      rows = lines.flatMap((line) => wrapped(line, wanted))
      row = rows.length - 1
      column = rows[row]!.text.length
    },
    columns: () => columns,
    rows: () => rows.map(({ text }) => text.trimEnd()).filter((text) => text !== ''),
    writes: () => writes,
  }

  function control(letter: string, count: number): void {
    if (letter === 'A') row = Math.max(0, row - count)
    else if (letter === 'K') cutRow()
    else if (letter === 'J') cutScreen()
    else throw new Error(`wanted a control sequence known here, got ${letter}`)
  }

  function put(character: string): void {
    if (character === '\r') column = 0
    else if (character === '\n') moveDown(false)
    else putCharacter(character)
  }

  function putCharacter(character: string): void {
    if (column === columns) moveDown(true)
    const { text } = rows[row]!
    rows[row]!.text = text.slice(0, column).padEnd(column) + character + text.slice(column + 1)
    column++
  }

  function moveDown(goesOn: boolean): void {
    row++
    column = 0
    rows[row] ??= { text: '', goesOn }
  }

  function cutRow(): void {
    rows[row]!.text = rows[row]!.text.slice(0, column)
  }

  function cutScreen(): void {
    cutRow()
    rows.length = row + 1
  }
}

function wrapped(line: string, columns: number): { text: string; goesOn: boolean }[] {
  const count = Math.max(1, Math.ceil(line.length / columns))
  return Array.from({ length: count }, (_, at) => ({
    text: line.slice(at * columns, (at + 1) * columns),
    goesOn: at > 0,
  }))
}
