/** What somebody wrote as a JSON object. */
export type JsonObject = { readonly [name: string]: unknown }

/** Reads a line that is a JSON object, and fills the line; false: not understood. */
export type JsonReader = (json: JsonObject) => boolean

/** Whether this is a whole number from zero on. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Whether this is a time in milliseconds since 1970. */
export function isTimeMs(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 8.64e15
}

/**
 * A whole number that may be written as a text, as JSON's writers do with 64 bits; undefined for
 * anything else.
 */
export function countOf(value: unknown): number | undefined {
  if (isCount(value)) return value
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
