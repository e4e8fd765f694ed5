import { createEventReader } from './event-reader.ts'
import { createGoogleReader } from './google-reader.ts'
import { createJsonLineReader } from './json-line-reader.ts'
import type { JsonObject, JsonReader } from './json-value.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'
import type { LogFormat } from './log-format.ts'
import { createRegistryJsonReader } from './registry-json-reader.ts'

/** Reads lines that begin with a brace: the formats of JSON, as far as they are `wanted`. */
export function createJsonReader(
  parts: ReaderParts,
  wanted: (format: LogFormat) => boolean,
): LineReader {
  const readers = creators.flatMap(({ format, create }) => {
    return wanted(format) ? [{ format, read: create(parts) }] : []
  })

  return (bytes, start, end) => {
    const json = parseObject(bytes.toString('latin1', start, end))
    if (json === undefined) return undefined
    for (const { format, read } of readers) if (read(json)) return format
    return undefined
  }
}

const creators: readonly {
  readonly format: LogFormat
  readonly create: (parts: ReaderParts) => JsonReader
}[] = [
  { format: 'nearport', create: createEventReader },
  { format: 'google-lb', create: createGoogleReader },
  { format: 'docker-registry', create: createRegistryJsonReader },
  { format: 'json', create: createJsonLineReader },
]

/** What is looked for is ASCII; the rest, read as Latin-1, must only not break it. */
function parseObject(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject
  } catch {
    return undefined
  }
}
