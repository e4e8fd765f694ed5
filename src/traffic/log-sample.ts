/**
 * How a line begins, as a terminal may see it: at most 120 characters, without queries and other
 * values, which may hold tokens, and without anything that would move the cursor or turn the line
 * around.
 */
export function sampleOf(bytes: Buffer, start: number, end: number): string {
  const begin = bytes.toString('utf8', start, Math.min(end, start + 400))
  const told = begin
    .replaceAll(/(?:\?|%3f)[^\s"]*/gi, '?…')
    .replaceAll(/=[^\s"…]+/g, '=…')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu, '?')
  const characters = Array.from(told)
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : told
}

const longest = 120
