import type * as zod from 'zod'

/** One call on zod, or on a schema that a call before it made. */
export type Call = { readonly path: readonly string[]; readonly args: readonly unknown[] }

const recorded = new WeakMap<object, readonly Call[]>()

/**
 * Writes down what is asked of zod instead of asking it. From this a file that is right is read
 * (accept.ts), and zod itself makes of it the schema that says what is wrong in one that is not
 * (replayed.ts). zod takes 45 of the 80 ms of CPU that the start of `serve` took with it, and 12 MB of
 * memory for as long as it serves.
 */
export const z = callable([], []) as unknown as typeof zod

/** The calls that a schema was recorded as, the first one on zod; undefined: it is none. */
export function callsOf(value: unknown): readonly Call[] | undefined {
  return typeof value === 'object' || typeof value === 'function'
    ? recorded.get(value as object)
    : undefined
}

/** What stands for `zod.a.b` or `schema.a`, to be called or asked for more. */
function callable(before: readonly Call[], path: readonly string[]): object {
  const call = (...args: readonly unknown[]) => schemaOf([...before, { path, args }])
  return new Proxy(call, { get: (_, name) => callable(before, [...path, String(name)]) })
}

function schemaOf(calls: readonly Call[]): object {
  const schema = new Proxy({}, { get: (_, name) => callable(calls, [nameOfCall(name)]) })
  recorded.set(schema, calls)
  return schema
}

/** A schema that only stands for one can be neither asked nor awaited, whatever its type says. */
function nameOfCall(name: string | symbol): string {
  const text = String(name)
  if (typeof name === 'string' && !/^(?:then|(?:safe)?parse)$/i.test(text)) return text
  throw new TypeError(`wanted accept or replay for a recorded schema, got .${text}`)
}
