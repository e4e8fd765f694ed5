import { Readable } from 'node:stream'
import { readAddress } from '../../src/core/address.ts'
import type { ClientLocation } from '../../src/core/location.ts'
import type { ReadLines } from '../../src/traffic/log-line.ts'
import type { LogFormat } from '../../src/traffic/read-logs.ts'
import { readLog } from '../../src/traffic/read-logs.ts'

export const hex = 'e997afd18e5f6be004fc193aed2c90291e68ab2c7599a62538c935b7fca6ab0f'
export const sha = `sha256:${hex}`

/** What was heard of a line, copied: what is not there is not known. */
export type Heard = {
  readonly kind: 'blob' | 'manifest' | 'other'
  readonly time?: string
  readonly from?: string
  readonly bytes?: number
  readonly repository?: string
  readonly reference?: string
  readonly lost?: number
}

/** Where the addresses of the tests are. */
export function locate(address: string): ClientLocation | undefined {
  if (readAddress(address) === undefined) return undefined
  // A new object each time: the same one for the same place is the reader's to give.
  if (address.startsWith('52.')) return { cloud: 'aws', region: 'eu-west-1' }
  if (address.startsWith('34.')) return { cloud: 'gcp', region: 'us-central1' }
  return address.startsWith('2600:') ? { cloud: 'aws', region: 'us-east-1' } : undefined
}

/** Reads a log that comes in these pieces, and keeps what it says. */
export async function readPieces(
  pieces: readonly Uint8Array[],
  format: LogFormat | 'auto' = 'auto',
): Promise<ReadLines & { readonly heard: readonly Heard[] }> {
  const heard: Heard[] = []
  const read = await readLog(Readable.from(pieces), { locate, format }, (line) => {
    const { kind, timeMs, location, bytes, lost } = line
    if ((line.digestHigh !== 0 || line.digestLow !== 0) !== (kind === 'blob')) {
      throw new Error('only a blob has a digest')
    }
    if (kind === 'blob' && !line.reference().startsWith(fingerprint(line))) {
      throw new Error('the digest of the numbers is another than that of the text')
    }
    heard.push({
      kind,
      ...(Number.isNaN(timeMs) ? {} : { time: new Date(timeMs).toISOString() }),
      ...(location === undefined ? {} : { from: `${location.cloud}/${location.region}` }),
      ...(Number.isNaN(bytes) ? {} : { bytes }),
      ...(kind === 'other' ? {} : { repository: line.repository(), reference: line.reference() }),
      ...(lost === 0 ? {} : { lost }),
    })
  })
  return { ...read, heard }
}

/** The same of lines, each with its line end. */
export function readLines(lines: readonly string[], format: LogFormat | 'auto' = 'auto') {
  return readPieces([Buffer.from(lines.map((line) => `${line}\n`).join(''))], format)
}

function fingerprint(line: { readonly digestHigh: number; readonly digestLow: number }): string {
  const words = [line.digestHigh, line.digestLow]
  return `sha256:${words.map((word) => word.toString(16).padStart(8, '0')).join('')}`
}
