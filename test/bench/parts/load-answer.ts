/** What of an answer is checked. */
export type Answer = {
  readonly status: number
  readonly location: string | undefined
  readonly contentLength: number | undefined
  /** The server ends the connection after it. */
  readonly closes: boolean
  /** Its length on the wire, body and all. */
  readonly length: number
}

/** What must come; what is not told is not looked at. */
export type Expected = {
  readonly status: number
  readonly location?: string
  readonly contentLength?: number
}

/**
 * Reads an answer out of what came so far, a character a byte; undefined while it is not whole.
 * Only as much of HTTP as our own server speaks: a body has a length. Throws at anything else.
 */
export function parseAnswer(text: string, isHead: boolean): Answer | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end + 2)
  if (!head.startsWith('HTTP/1.1 ')) throw new Error(`no answer: ${JSON.stringify(head)}`)
  const status = Number(head.slice(9, 12))
  const stated = valueOf(head, /\r\ncontent-length: *(\d+)\r/i)
  const contentLength = stated === undefined ? undefined : Number(stated)
  if (contentLength === undefined) throw new Error(`an answer without a length: ${head}`)
  const length = end + 4 + (isHead ? 0 : contentLength)
  if (text.length < length) return undefined
  return {
    status,
    location: valueOf(head, /\r\nlocation: *([^\r]*)/i),
    contentLength,
    closes: valueOf(head, /\r\nconnection: *(close)\r/i) !== undefined,
    length,
  }
}

/** What is wrong with an answer, or undefined. */
export function faultOf(answer: Answer, expected: Expected): string | undefined {
  if (answer.status !== expected.status) {
    return `wanted ${expected.status}, got ${answer.status}`
  }
  if (answer.location !== expected.location) {
    return `wanted the location ${expected.location}, got ${answer.location}`
  }
  const { contentLength } = expected
  if (contentLength !== undefined && answer.contentLength !== contentLength) {
    return `wanted a length of ${contentLength}, got ${answer.contentLength}`
  }
  return undefined
}

function valueOf(head: string, pattern: RegExp): string | undefined {
  return pattern.exec(head)?.[1]
}
