import { LogError } from './log-error.ts'
import type { LogFormat } from './log-format.ts'
import { titleOf } from './log-format.ts'
import { sampleOf } from './log-sample.ts'

/** Counts the lines of one log, and refuses it when too many are not understood. */
export class LogTally {
  /** Lines so far, blank ones too: the number of the last one. */
  at = 0
  /** Lines that are not blank. */
  lines = 0
  notUnderstood = 0
  sample: string | undefined
  readonly #name: string
  readonly #understood = new Map<LogFormat, number>()
  // Most lines are of the format of the line before.
  #format: LogFormat | undefined
  #run = 0

  constructor(name: string) {
    this.#name = name
  }

  understood(format: LogFormat): void {
    this.lines++
    if (format !== this.#format) {
      this.#endRun()
      this.#format = format
    }
    this.#run++
  }

  foreign(bytes: Buffer, start: number, end: number): void {
    this.lines++
    this.notUnderstood++
    this.sample ??= `${this.#name} line ${this.at}: ${sampleOf(bytes, start, end)}`
  }

  /** Throws LogError when more than half of the lines so far are not understood. */
  refuseForeign(format: LogFormat | 'auto'): void {
    if (this.notUnderstood * 2 <= this.lines) return
    const wanted = format === 'auto' ? 'an access log of a known format' : titleOf(format)
    const what =
      `wanted ${wanted}, and ${this.notUnderstood} of ${this.lines} lines are not; ` +
      `the first is ${this.sample}`
    throw new LogError('foreign', `${this.#name} is not understood: ${what}`)
  }

  /** What the lines were read as, the most frequent first. */
  formats(): string {
    this.#endRun()
    const formats = [...this.#understood].toSorted(([, a], [, b]) => b - a)
    const titles = formats.map(([format]) => titleOf(format))
    return titles.length === 0 ? 'nothing' : titles.join(', ')
  }

  #endRun(): void {
    if (this.#format === undefined) return
    this.#understood.set(this.#format, (this.#understood.get(this.#format) ?? 0) + this.#run)
    this.#run = 0
  }
}
