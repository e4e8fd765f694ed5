/** What an expression of PromQL asks for. */
export type Expression = {
  /** Metrics of nearport and of its process, and recorded series. */
  readonly names: readonly string[]
  /** What is asked of a metric's labels. */
  readonly matchers: readonly {
    readonly name: string
    readonly label: string
    readonly value: string
  }[]
  /** Labels that are grouped or joined by. */
  readonly groupedBy: readonly string[]
}

/**
 * Reads as much of an expression as tests compare. Throws where its brackets or quotes do not
 * match; whether it is right otherwise is for promtool to say.
 */
export function readExpression(text: string): Expression {
  const bare = checkBrackets(text).replaceAll(/\[[^\]]*\]/g, '')
  const names = bare.match(/[a-z_:][\w:]*/gi) ?? []
  return {
    names: [...new Set(names.filter((name) => /^(?:nearport|process|nodejs)_|:/.test(name)))],
    matchers: [...text.matchAll(/([a-z_:][\w:]*)\{([^}]*)\}/gi)].flatMap(([, name, inner]) =>
      [...inner!.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label, value]) => ({
        name: name!,
        label: label!,
        value: value!,
      })),
    ),
    groupedBy: [
      ...bare.matchAll(/\b(?:by|without|on|ignoring|group_left|group_right) \(([^)]*)\)/g),
    ].flatMap(([, labels]) => labels!.split(/[ ,]+/).filter((label) => label !== '')),
  }
}

/** The text without what is in quotes. */
function checkBrackets(text: string): string {
  const bare = text.replaceAll(/"[^"]*"/g, '""')
  const open: string[] = []
  const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }
  for (const character of bare.replaceAll('""', '')) {
    if (character === '"') throw new Error(`wanted quotes in pairs, got ${text}`)
    if (character in closing) open.push(closing[character]!)
    if (/[)\]}]/.test(character) && open.pop() !== character) {
      throw new Error(`wanted brackets in pairs, got ${text}`)
    }
  }
  if (open.length > 0) throw new Error(`wanted ${open.join(' ')} at the end, got ${text}`)
  return bare
}
