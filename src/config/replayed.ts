import { createRequire } from 'node:module'
import type * as zod from 'zod'
import type { Call } from './recorded.ts'
import { callsOf } from './recorded.ts'

/** Loads zod, here and now: only what was not understood without it waits for it. */
export function loadZod(): typeof zod {
  return createRequire(import.meta.url)('zod') as typeof zod
}

/** Has zod make what was recorded. */
export function replay<T extends zod.ZodType>(schema: T, z: typeof zod): T {
  const made = new Map<unknown, unknown>()
  return replayed(schema) as T

  function replayed(value: unknown): unknown {
    const calls = callsOf(value)
    if (calls === undefined) return withParts(value)
    if (!made.has(value)) made.set(value, calls.reduce<unknown>(called, z))
    return made.get(value)
  }

  function called(on: unknown, { path, args }: Call): unknown {
    const owner = path.slice(0, -1).reduce(property, on)
    const method = property(owner, path.at(-1)!) as (...of: readonly unknown[]) => unknown
    return method.apply(owner, args.map(replayed))
  }

  /** Schemas stand in lists and in the shapes of objects, too. */
  function withParts(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(replayed)
    if (typeof value !== 'object' || value === null || value instanceof RegExp) return value
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replayed(part)]))
  }
}

function property(of: unknown, name: string): unknown {
  return (of as Readonly<Record<string, unknown>>)[name]
}
