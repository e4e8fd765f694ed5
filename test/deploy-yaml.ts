/** What YAML says: a scalar is a number, a boolean or a text. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml }

type Line = { readonly indent: number; readonly text: string }

/**
 * Reads the part of YAML that our manifests keep to: block maps and lists, `[a, b]`, quotes, `|`, and
 * comments on lines of their own. Throws for everything else, so that nothing is read wrongly.
 */
export function readYaml(source: string): readonly Yaml[] {
  return source.split(/^---$/m).map(readDocument)
}

function readDocument(source: string): Yaml {
  const lines = source.split('\n').map((raw) => {
    const text = raw.trimStart()
    return { indent: raw.length - text.length, text: text.trimEnd() }
  })
  let at = 0
  const document = readBlock(peek()!.indent)
  const rest = peek()
  if (rest !== undefined) throw new Error(`wanted the end of the document, got ${rest.text}`)
  return document

  function peek(): Line | undefined {
    while (at < lines.length && /^(?:#|$)/.test(lines[at]!.text)) at++
    return lines[at]
  }

  function readBlock(indent: number): Yaml {
    return peek()!.text.startsWith('- ') ? readList(indent) : readMap(indent)
  }

  function readList(indent: number): Yaml {
    const list: Yaml[] = []
    for (let line = peek(); line?.indent === indent; line = peek()) {
      if (!line.text.startsWith('- ')) break
      const text = line.text.slice(2)
      if (keyOf(text) === undefined) {
        list.push(readScalar(text))
        at++
      } else {
        // A map whose first key is beside the dash.
        lines[at] = { indent: indent + 2, text }
        list.push(readMap(indent + 2))
      }
    }
    return list
  }

  function readMap(indent: number): Yaml {
    const map: Record<string, Yaml> = {}
    for (let line = peek(); line?.indent === indent; line = peek()) {
      const key = keyOf(line.text)
      if (key === undefined) throw new Error(`wanted a key, got ${line.text}`)
      if (key in map) throw new Error(`wanted each key once, got ${key} again`)
      map[key] = readValue(indent, line.text.slice(key.length + 1).trim())
    }
    return map
  }

  function readValue(indent: number, text: string): Yaml {
    at++
    if (text === '|') return readLiteral(indent)
    if (text !== '') return readScalar(text)
    const next = peek()
    if (next === undefined || next.indent <= indent) throw new Error('wanted a value, got none')
    return readBlock(next.indent)
  }

  function readLiteral(indent: number): string {
    const first = lines[at]!.indent
    const text: string[] = []
    for (let line = lines[at]; line !== undefined; line = lines[++at]) {
      if (line.text !== '' && line.indent <= indent) break
      text.push(line.text === '' ? '' : ' '.repeat(line.indent - first) + line.text)
    }
    return `${text.join('\n').trimEnd()}\n`
  }
}

function keyOf(text: string): string | undefined {
  return /^([A-Za-z][\w./-]*):(?: |$)/.exec(text)?.[1]
}

function readScalar(text: string): Yaml {
  const quoted = /^'([^']*)'$/.exec(text)
  if (quoted !== null) return quoted[1]!
  const listed = /^\[(.*)\]$/.exec(text)
  if (listed !== null) return listed[1]!.split(',').map((each) => readScalar(each.trim()))
  if (/^\d+$/.test(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  // What means something else to YAML: quotes, references, flows, comments, other truths.
  if (/^["'&*!|>%@`{[\]}]|: | #|^(?:yes|no|on|off|null|~|y|n)$|^[-+.\d][\d.:]*$/i.test(text)) {
    if (!/^\d+\.\d+\.\d+(?:\.\d+)?$/.test(text)) throw new Error(`wanted a plain text, got ${text}`)
  }
  return text
}
