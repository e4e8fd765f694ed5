import type * as zod from 'zod'
import type { Call } from './recorded.ts'
import { callsOf } from './recorded.ts'

/**
 * What a value comes to by a recorded schema, with its defaults, as zod would give it; undefined where
 * it is wrong, or where a call is not understood here: then zod is to be asked.
 */
export function accept<T extends zod.ZodType>(
  schema: T,
  value: unknown,
): zod.output<T> | undefined {
  const got = read(schema, value)
  return got === refused ? undefined : (got as zod.output<T>)
}

const refused = Symbol('refused')

/** Takes a value one call further, or refuses it. */
type Step = (value: unknown, args: readonly unknown[]) => unknown

function read(schema: unknown, value: unknown): unknown {
  const calls = callsOf(schema)!
  return readBy(calls, calls.length, value)
}

/** By the first `count` calls. The last one sees the value first, and may let it through to those before. */
function readBy(calls: readonly Call[], count: number, value: unknown): unknown {
  if (count === 0) return value
  const { path, args } = calls[count - 1]!
  const name = path.join('.')
  if (count > 1 && value === undefined) {
    if (name === 'optional') return undefined
    if (name === 'default') return args[0]
    if (name === 'prefault') return readBy(calls, count - 1, args[0])
  }
  if (name === 'nullable' && value === null) return null
  const got = readBy(calls, count - 1, value)
  if (got === refused || passing.has(name)) return got
  const step = count === 1 ? kinds[name] : checks[name]
  return step === undefined ? refused : step(got, args)
}

/** What says nothing of a value that is there. */
const passing = new Set(['optional', 'default', 'prefault', 'nullable', 'describe'])

const kinds: Readonly<Record<string, Step>> = {
  string: (value) => (typeof value === 'string' ? value : refused),
  number: (value) => (Number.isFinite(value) ? value : refused),
  int: (value) => (Number.isSafeInteger(value) ? value : refused),
  boolean: (value) => (typeof value === 'boolean' ? value : refused),
  literal: (value, [wanted]) => (value === wanted ? value : refused),
  enum: (value, [names]) => ((names as readonly unknown[]).includes(value) ? value : refused),
  union: (value, [kindsOf]) => firstOf(kindsOf as readonly unknown[], value),
  array: (value, [each]) => (Array.isArray(value) ? allOf(value, each) : refused),
  strictObject: (value, [shape]) => (isRecord(value) ? shaped(value, shape as Shape) : refused),
  record: (value, [key, each]) => (isRecord(value) ? keyed(value, key, each) : refused),
}

const checks: Readonly<Record<string, Step>> = {
  min: (value, [least]) => (sizeOf(value) >= (least as number) ? value : refused),
  max: (value, [most]) => (sizeOf(value) <= (most as number) ? value : refused),
  gt: (value, [less]) => ((value as number) > (less as number) ? value : refused),
  positive: (value) => ((value as number) > 0 ? value : refused),
  regex: (value, [pattern]) => ((pattern as RegExp).test(value as string) ? value : refused),
  refine: (value, [isRight]) => ((isRight as Told)(value) ? value : refused),
  superRefine: (value, [look]) => (told(look as Told, value).isRight ? value : refused),
  transform: (value, [make]) => told(make as Told, value).given,
}

type Told = (value: unknown, context?: { readonly addIssue: () => void }) => unknown

/** Calls what may complain. */
function told(call: Told, value: unknown): { readonly isRight: boolean; readonly given: unknown } {
  let isRight = true
  const given = call(value, { addIssue: () => (isRight = false) })
  return { isRight, given: isRight ? given : refused }
}

function sizeOf(value: unknown): number {
  return typeof value === 'number' ? value : (value as { readonly length: number }).length
}

function firstOf(schemas: readonly unknown[], value: unknown): unknown {
  for (const schema of schemas) {
    const got = read(schema, value)
    if (got !== refused) return got
  }
  return refused
}

function allOf(values: readonly unknown[], schema: unknown): unknown {
  const got = values.map((value) => read(schema, value))
  return got.includes(refused) ? refused : got
}

type Shape = Readonly<Record<string, unknown>>

function isRecord(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shaped(value: Shape, shape: Shape): unknown {
  if (Object.keys(value).some((key) => !Object.hasOwn(shape, key))) return refused
  const got: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(shape)) {
    const isThere = Object.hasOwn(value, key)
    const part = read(schema, isThere ? value[key] : undefined)
    if (part === refused) return refused
    if (part !== undefined || isThere) got[key] = part
  }
  return got
}

function keyed(value: Shape, keySchema: unknown, schema: unknown): unknown {
  const got: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(value)) {
    const part = read(schema, each)
    if (part === refused || read(keySchema, key) !== key) return refused
    got[key] = part
  }
  return got
}
