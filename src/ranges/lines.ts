/**
 * Longer lines are cut here: no address is as long, and a file without line ends must not fill the
 * memory.
 */
export const longestLine = 256

/**
 * The lines of a stream of bytes, in batches as they come, without their ends (LF or CRLF). Bytes
 * are read as Latin-1: what this is for is ASCII, and the rest must only not break it.
 */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[]> {
  let begun = ''
  for await (const chunk of input) {
    const lines = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      .toString('latin1')
      .split('\n')
    lines[0] = begun + lines[0]!
    begun = lines.pop()!.slice(0, longestLine)
    yield lines.map(withoutEnd)
  }
  if (begun !== '') yield [withoutEnd(begun)]
}

function withoutEnd(line: string): string {
  const end = line.endsWith('\r') ? line.length - 1 : line.length
  return line.slice(0, Math.min(end, longestLine))
}
