import type { $ZodIssue } from 'zod/v4/core'

/** What the schema has to say of a file, a line each: the path of a value, what was wanted, what came. */
export function describeIssues(
  issues: readonly $ZodIssue[],
  json: unknown,
  above: readonly PropertyKey[] = [],
): readonly string[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path]
    const got = show(valueAt(json, path))
    // Of a union, the alternative that came closest is the one that was meant: it complains of what
    // is inside.
    if (issue.code === 'invalid_union') {
      const deeper = issue.errors.filter((errors) => errors.some((each) => each.path.length > 0))
      if (deeper.length === 1) return describeIssues(deeper[0]!, json, path)
      const wants = issue.errors.flatMap((errors) => errors.map(wantOf))
      return [`${dotted(path)}: wanted ${[...new Set(wants)].join(' or ')}, got ${got}`]
    }
    if (issue.code === 'invalid_key') {
      const wants = issue.issues.map(wantOf).join(' and ')
      return [`${dotted(path.slice(0, -1))}: wanted ${wants} as a key, got ${show(path.at(-1))}`]
    }
    if (issue.code === 'unrecognized_keys') {
      return [`${dotted(path)}: wanted none of these keys: ${issue.keys.join(', ')}`]
    }
    const said = issue.message.startsWith('wanted') ? issue.message : `wanted ${wantOf(issue)}`
    return [`${dotted(path)}: ${said}${said.includes(', got ') ? '' : `, got ${got}`}`]
  })
}

function wantOf(issue: $ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return /^[aeio]/.test(issue.expected) ? `an ${issue.expected}` : `a ${issue.expected}`
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ')
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `${issue.minimum} or more`
        : 'something that is not empty'
    case 'too_big':
      return `at most ${issue.maximum}`
    default:
      return issue.message.replace(/^wanted /, '')
  }
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    json,
  )
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  // A password in an address is nobody's who reads the message.
  return JSON.stringify(value)
    .replaceAll(/\/\/[^/@"]*@/g, '//…@')
    .slice(0, 100)
}

function dotted(path: readonly PropertyKey[]): string {
  const parts = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`
    return /[^\w$]/.test(String(key)) ? `[${JSON.stringify(key)}]` : `.${String(key)}`
  })
  return parts.join('').replace(/^\./, '') || 'the whole'
}
