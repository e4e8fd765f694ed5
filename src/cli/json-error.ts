/**
 * Where a text stops being JSON (RFC 8259), as line and column from 1, or undefined where it is
 * JSON. V8's own message names the place in some cases only, and a stray comma is not among them.
 */
export function findJsonError(text: string): { line: number; column: number } | undefined {
  const offset = errorOffset(text)
  if (offset === undefined) return undefined
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

type Expected =
  | 'value'
  | 'value or end'
  | 'key'
  | 'key or end'
  | 'colon'
  | 'comma or end'
  | 'nothing'

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

function errorOffset(text: string): number | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let at = 0
  for (;;) {
    const start = skipSpace(text, at)
    if (start === text.length && expected === 'nothing') return undefined
    const found = readToken(text, start)
    const next: Expected | undefined = found && step(expected, open, found.token)
    if (found === undefined || next === undefined) return start
    expected = next
    at = found.end
  }
}

type Token = 'string' | 'scalar' | '{' | '}' | '[' | ']' | ':' | ','

function readToken(text: string, start: number): { token: Token; end: number } | undefined {
  const first = text[start] ?? ''
  if (first !== '' && '{}[]:,'.includes(first)) return { token: first as Token, end: start + 1 }
  const token = first === '"' ? 'string' : 'scalar'
  const end = token === 'string' ? endOfString(text, start) : matchEnd(scalar, text, start)
  return end === undefined ? undefined : { token, end }
}

/** By hand: a regular expression for a string of megabytes runs out of stack. */
function endOfString(text: string, start: number): number | undefined {
  let at = start + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return at + 1
    if (code < 0x20) return undefined
    const next = code === 0x5c ? matchEnd(escape, text, at) : at + 1
    if (next === undefined) return undefined
    at = next
  }
  return undefined
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at++
  return at
}

function matchEnd(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : undefined
}

/** What may come after a token, or undefined where the token may not come. */
function step(expected: Expected, open: ('{' | '[')[], token: Token): Expected | undefined {
  const isValue = expected === 'value' || expected === 'value or end'
  const isKey = expected === 'key' || expected === 'key or end'
  if (token === 'string' && isKey) return 'colon'
  if (token === 'string' || token === 'scalar') return isValue ? after(open) : undefined
  if (token === ':') return expected === 'colon' ? 'value' : undefined
  if (token === ',')
    return expected !== 'comma or end' ? undefined : open.at(-1) === '{' ? 'key' : 'value'
  if (token === '{' || token === '[') {
    if (!isValue) return undefined
    open.push(token)
    return token === '{' ? 'key or end' : 'value or end'
  }
  const isEnd =
    expected === 'comma or end' || expected === (token === '}' ? 'key or end' : 'value or end')
  if (!isEnd || open.pop() !== (token === '}' ? '{' : '[')) return undefined
  return after(open)
}

function after(open: readonly string[]): Expected {
  return open.length === 0 ? 'nothing' : 'comma or end'
}
