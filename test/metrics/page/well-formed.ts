const voidElements = new Set(['meta', 'link', 'input', 'wbr'])

/**
 * What is wrong with a page of HTML as this project writes it: elements that are not closed, or not
 * by their own end, ids that are there twice, references that lead nowhere. Empty: nothing is.
 */
export function problemsOf(html: string): readonly string[] {
  const problems: string[] = []
  const open: string[] = []
  const ids: string[] = []
  const references: string[] = []
  const tag =
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*)\s*(\/?)>|<!doctype html>|[<>]/gi
  for (const [text, end, name, attributes = '', closed] of html.matchAll(tag)) {
    if (name === undefined) {
      if (text.length === 1) problems.push(`a bare ${text}`)
      continue
    }
    if (end === '/') {
      const last = open.pop()
      if (last !== name) problems.push(`</${name}> closes <${last}>`)
      continue
    }
    if (closed !== '/' && !voidElements.has(name)) open.push(name)
    for (const [, key, value = ''] of attributes.matchAll(/([\w:-]+)="([^"]*)"/g)) {
      if (key === 'id') ids.push(value)
      if (key === 'for' || key!.startsWith('aria-labelledby')) references.push(value)
      if (key === 'aria-describedby') references.push(value)
      if (key === 'href' && value.startsWith('#')) references.push(value.slice(1))
    }
  }
  for (const name of open) problems.push(`<${name}> is never closed`)
  for (const id of new Set(ids)) {
    if (/\s/.test(id) || id === '') problems.push(`the id "${id}"`)
    const count = ids.filter((each) => each === id).length
    if (count > 1) problems.push(`${count} elements are "${id}"`)
  }
  for (const reference of references) {
    if (!ids.includes(reference)) problems.push(`nothing is "${reference}"`)
  }
  return problems
}

/** What a reader sees, without the tags: each run of blanks is one. */
export function textOf(html: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&lt;': '<',
    '&gt;': '>',
    '&quot;': '"',
    '&#39;': "'",
    '&amp;': '&',
  }
  return html
    .replaceAll(/<title>[^<]*<\/title>|<[^>]+>/g, ' ')
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity]!)
    .replaceAll(/\s+/g, ' ')
}
