import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Bytes } from './repository.ts'
import { StoreError } from './store-error.ts'

/** Checksums as base64, by S3's name of the algorithm in lower case. */
export type Checksums = Readonly<Record<string, string>>

const algorithms: Readonly<Record<string, (bytes: Bytes) => Buffer>> = {
  sha256: (bytes) => hash('sha256', bytes),
  sha1: (bytes) => hash('sha1', bytes),
  crc32: (bytes) => {
    const value = Buffer.alloc(4)
    value.writeUInt32BE(crc32(bytes))
    return value
  },
}

// These say how to check; they are no checksums.
const settings = ['algorithm', 'mode', 'type']

/**
 * Holds the body against every `x-amz-checksum-*` (in the headers or the trailer) and Content-MD5,
 * and returns the former. Throws StoreError: BadDigest for another body, NotImplemented for an
 * algorithm it could only pretend to check.
 */
export function verifyChecksums(bytes: Bytes, headers: Headers): Checksums {
  verifyMd5(bytes, headers.get('content-md5'))

  const given = [...headers].flatMap(([name, value]) => {
    const algorithm = name.match(/^x-amz-checksum-(.+)$/)?.[1]
    return algorithm === undefined || settings.includes(algorithm)
      ? []
      : [[algorithm, value] as const]
  })
  for (const [algorithm, value] of given) {
    const compute = algorithms[algorithm]
    if (compute === undefined) {
      throw new StoreError('NotImplemented', `Checksum algorithm ${algorithm} is not implemented`)
    }
    const computed = compute(bytes)
    if (Buffer.from(value, 'base64').length !== computed.length) {
      const message = `Value for x-amz-checksum-${algorithm} header is invalid.`
      throw new StoreError('InvalidRequest', message)
    }
    if (computed.toString('base64') !== value) {
      const name = algorithm.toUpperCase()
      const message = `The ${name} you specified did not match the calculated checksum.`
      throw new StoreError('BadDigest', message)
    }
  }
  return Object.fromEntries(given)
}

/**
 * The checksum of a multipart object: S3 has no SHA-256 of the whole, only one over those of the
 * parts.
 */
export function compositeSha256(parts: readonly Checksums[]): Checksums {
  const sums = parts.flatMap(({ ['sha256']: sum }) => (sum === undefined ? [] : [sum]))
  if (sums.length < parts.length) return {}
  const all = Buffer.concat(sums.map((sum) => Buffer.from(sum, 'base64')))
  return { sha256: `${hash('sha256', all).toString('base64')}-${parts.length}` }
}

/** The SHA-256 of some bytes, as S3 writes it. */
export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes).toString('base64')
}

function verifyMd5(bytes: Bytes, value: string | null): void {
  if (value === null) return
  if (Buffer.from(value, 'base64').length !== 16) throw new StoreError('InvalidDigest')
  const computed = hash('md5', bytes).toString('base64')
  if (computed === value) return
  throw new StoreError('BadDigest', undefined, {
    ExpectedDigest: value,
    CalculatedDigest: computed,
  })
}

function hash(algorithm: string, bytes: Uint8Array): Buffer {
  return createHash(algorithm).update(bytes).digest()
}
