/** Writes JSON lines in batches: one write to the stream a turn of the event loop, not one a request. */
export type LineWriter = {
  readonly write: (value: object) => void
  /** Writes out what is held back. */
  readonly flush: () => void
}

export function createLineWriter(out: (text: string) => void): LineWriter {
  let held = ''
  const flush = () => {
    if (held === '') return
    const text = held
    held = ''
    out(text)
  }
  return {
    write(value) {
      if (held === '') setImmediate(flush)
      held += `${JSON.stringify(value)}\n`
    },
    flush,
  }
}
