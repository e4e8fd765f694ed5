/**
 * Where a text stops being JSON (RFC 8259), as line and column from 1, or undefined where it is JSON. V8's own message
 * names the place in some cases only, and a stray comma is not among them.
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

const token =
  /[ \t\n\r]*(?:(?<string>"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?<scalar>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|(?<mark>[{}[\],:]))/y

function errorOffset(text: string): number | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let at = 0
  for (;;) {
    token.lastIndex = at
    const match = token.exec(text)
    const start = at + /^[ \t\n\r]*/.exec(text.slice(at))![0].length
    if (match === null) return start === text.length && expected === 'nothing' ? undefined : start
    const next = step(expected, open, match.groups!)
    if (next === undefined) return start
    expected = next
    at = token.lastIndex
  }
}

/** What may come after a token, or undefined where the token may not come. */
function step(
  expected: Expected,
  open: ('{' | '[')[],
  { string, scalar, mark }: Readonly<Record<string, string | undefined>>,
): Expected | undefined {
  const isValue = expected === 'value' || expected === 'value or end'
  const isKey = expected === 'key' || expected === 'key or end'
  if (string !== undefined && isKey) return 'colon'
  if (string !== undefined || scalar !== undefined) return isValue ? after(open) : undefined
  if (mark === ':') return expected === 'colon' ? 'value' : undefined
  if (mark === ',')
    return expected !== 'comma or end' ? undefined : open.at(-1) === '{' ? 'key' : 'value'
  if (mark === '{' || mark === '[') {
    if (!isValue) return undefined
    open.push(mark)
    return mark === '{' ? 'key or end' : 'value or end'
  }
  const isEnd =
    expected === 'comma or end' || expected === (mark === '}' ? 'key or end' : 'value or end')
  if (!isEnd || open.pop() !== (mark === '}' ? '{' : '[')) return undefined
  return after(open)
}

function after(open: readonly string[]): Expected {
  return open.length === 0 ? 'nothing' : 'comma or end'
}
