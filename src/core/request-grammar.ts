// The distribution spec's grammars as tables, for whoever reads a request byte by byte.

/** By character: 1 what a tag may begin with, 2 what else may be in it, 0 all else. */
export const inTag = new Uint8Array(256)
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code)
  inTag[code] = /\w/.test(character) ? 1 : Number(/[.-]/.test(character)) * 2
}

// The grammar of names as an automaton: what may follow is known by what came last.

/** At the start of a segment, and after a dot or two underscores: a letter or digit must come. */
export const wanting = 0
/** After a letter or digit, where a name may end. */
export const within = 1
const afterUnderscore = 2
const afterDash = 3
const refused = 4

/** By state (its number times 256) and character: which state is next. */
export const following = new Uint8Array(5 << 8).fill(refused)
for (const state of [wanting, within, afterUnderscore, afterDash]) {
  for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789') step(state, character, within)
}
step(within, '/', wanting)
step(within, '.', wanting)
step(within, '_', afterUnderscore)
step(afterUnderscore, '_', wanting)
step(within, '-', afterDash)
step(afterDash, '-', afterDash)

function step(state: number, character: string, next: number): void {
  following[(state << 8) | character.charCodeAt(0)] = next
}
