/**
 * A log that cannot be believed: the message names the file, and the line where it can. What was
 * heard of it before says too little, and is to be thrown away. Trying again does not help.
 */
export class LogError extends Error {
  override readonly name = 'LogError'
  /**
   * `unreadable`: it is not there, or is damaged or cut. `foreign`: it is no access log, or one of
   * a format that is not known.
   */
  readonly code: 'unreadable' | 'foreign'

  constructor(code: LogError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
