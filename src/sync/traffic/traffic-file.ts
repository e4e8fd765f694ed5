import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TrafficError } from './traffic-error.ts'

/**
 * Longer lines are cut here, and then are not understood: a file without line ends must not fill
 * the memory.
 */
export const longestLine = 16_384

/**
 * The lines of a file, plain or gzip, in batches as they come. Bytes are read as Latin-1: what is
 * looked for is ASCII, and the rest must only not break it. Throws TrafficError for a file that
 * cannot be read, and for a gzip that is damaged or ends before its end.
 */
export async function* readTrafficLines(path: string): AsyncGenerator<readonly string[]> {
  let file: FileHandle | undefined
  let packed = false
  try {
    file = await open(path)
    packed = await isGzip(file)
    if (!packed && path.endsWith('.gz') && (await file.stat()).size > 0) {
      throw new Error('wanted gzip, as its name says, got something else')
    }
    let begun = ''
    for await (const chunk of bytesOf(file, packed)) {
      const lines = chunk.toString('latin1').split('\n')
      // What is cut is cut for good: a line with a piece missing in its middle might be believed.
      if (begun.length < longestLine) lines[0] = begun + lines[0]!
      else lines[0] = begun
      begun = lines.pop()!.slice(0, longestLine)
      yield lines
    }
    if (begun !== '') yield [begun]
  } catch (error) {
    throw new TrafficError(`${path} could not be read: ${reasonOf(error, packed)}`, {
      cause: error,
    })
  } finally {
    await file?.close()
  }
}

async function isGzip(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
  return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
}

function bytesOf(file: FileHandle, packed: boolean): Readable {
  const bytes = file.createReadStream({ start: 0, highWaterMark: 262_144, autoClose: false })
  if (!packed) return bytes
  // What fails in either stops both, and is thrown to whoever reads.
  return pipeline(bytes, createGunzip({ chunkSize: 262_144 }), () => {})
}

function reasonOf(error: unknown, packed: boolean): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (!packed) return message
  // zlib: "unexpected end of file".
  if (code === 'Z_BUF_ERROR') return 'the gzip ends before its end: it is only a part'
  return `the gzip is damaged: ${message}`
}
