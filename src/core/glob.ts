/** Whether a pattern has a star in it: otherwise it is a name. */
export function isGlob(pattern: string): boolean {
  return pattern.includes('*')
}

/**
 * Whether a name matches a pattern, in which `*` stands for any text, slashes too, and all else for
 * itself.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return pattern === name
  if (!name.startsWith(head) || name.length < head.length + tail.length) return false

  // The first place where a piece fits is as good as any: what follows has the more room.
  let at = head.length
  for (const piece of rest) {
    const found = name.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return name.endsWith(tail) && name.length - tail.length >= at
}
