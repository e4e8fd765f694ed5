/** The children of an element: a list repeats the element, `undefined` leaves it out. */
export type XmlFields = { readonly [name: string]: XmlValue }
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | XmlFields
  | readonly (string | XmlFields)[]

/** A document in S3's namespace; S3 gives errors none. */
export function xmlOf(root: string, fields: XmlFields): string {
  const body = children(fields)
  const namespace = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${body}</${root}>`
}

/**
 * What is between the tags of every element of this name. Enough for the few documents that clients
 * send to S3.
 */
export function elementsOf(xml: string, name: string): string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g')
  return [...xml.matchAll(pattern)].map((match) => match[1] ?? '')
}

/** The text of the first element of this name. */
export function textOf(xml: string, name: string): string | undefined {
  const text = elementsOf(xml, name)[0]
  return text === undefined ? undefined : unescaped(text)
}

function children(fields: XmlFields): string {
  return Object.entries(fields)
    .map(([name, value]) => element(name, value))
    .join('')
}

function element(name: string, value: XmlValue): string {
  if (value === undefined) return ''
  if (isList(value)) return value.map((item) => element(name, item)).join('')
  const body = typeof value === 'object' ? children(value) : escaped(String(value))
  return `<${name}>${body}</${name}>`
}

// Array.isArray does not narrow readonly arrays.
function isList(value: XmlValue): value is readonly (string | XmlFields)[] {
  return Array.isArray(value)
}

function escaped(text: string): string {
  // A parser would turn a bare carriage return into a line feed.
  // eslint-disable-next-line no-control-regex
  return text.replace(/[&<>"\u0000-\u001f]/g, (character) => `&#${character.codePointAt(0)};`)
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

function unescaped(text: string): string {
  return text.replace(/&(#x?[\da-fA-F]+|\w+);/g, (whole, entity: string) => {
    if (entity.startsWith('#x')) return String.fromCodePoint(parseInt(entity.slice(2), 16))
    if (entity.startsWith('#')) return String.fromCodePoint(Number(entity.slice(1)))
    return named[entity] ?? whole
  })
}
