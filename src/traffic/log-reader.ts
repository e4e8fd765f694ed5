import { createAlbReader } from './alb-reader.ts'
import { openBrace } from './byte-scan.ts'
import { createCloudFrontReader } from './cloudfront-reader.ts'
import { createCombinedReader } from './combined-reader.ts'
import { createJsonReader } from './json-reader.ts'
import type { LineReader, ReaderParts } from './line-reader.ts'
import type { LogFormat } from './log-format.ts'
import { createRegistryReader } from './registry-reader.ts'
import { createS3Reader } from './s3-reader.ts'

/**
 * Reads lines of one format or, by `auto`, of whatever each is: no line can be read in two ways,
 * and files are put together from several logs.
 */
export function createLineReader(parts: ReaderParts, format: LogFormat | 'auto'): LineReader {
  const wanted = (name: LogFormat) => format === 'auto' || format === name
  const readJson = createJsonReader(parts, wanted)
  const readers = textReaders.flatMap(({ formats, create }) => {
    return formats.some((name) => wanted(name)) ? [create(parts)] : []
  })
  let last = readers[0]

  return (bytes, start, end) => {
    if (bytes[start] === openBrace) return readJson(bytes, start, end)
    const read = last?.(bytes, start, end)
    if (read !== undefined) return read
    for (const reader of readers) {
      const other = reader === last ? undefined : reader(bytes, start, end)
      if (other === undefined) continue
      last = reader
      return other
    }
    return undefined
  }
}

const textReaders: readonly {
  readonly formats: readonly LogFormat[]
  readonly create: (parts: ReaderParts) => LineReader
}[] = [
  // docker-registry has lines of the combined format too.
  { formats: ['combined', 'docker-registry'], create: createCombinedReader },
  { formats: ['docker-registry'], create: createRegistryReader },
  { formats: ['alb'], create: createAlbReader },
  { formats: ['s3'], create: createS3Reader },
  { formats: ['cloudfront'], create: createCloudFrontReader },
]
