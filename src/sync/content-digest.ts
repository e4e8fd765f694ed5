import { createHash } from 'node:crypto'
import type { Digest } from '../core/digest.ts'
import { digestOfHex, isWellFormedDigest } from '../core/digest.ts'

/** The SHA-256 of some bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return digestOfHex(createHash('sha256').update(bytes).digest('hex'))
}

/**
 * Whether a manifest is the one that a digest names; undefined where the algorithm is none we can
 * compute. Docker's signed schema 1 is named by its payload, without the signatures.
 */
export function matchesDigest(
  bytes: Buffer,
  mediaType: string,
  digest: string,
): boolean | undefined {
  const algorithm = digest.slice(0, digest.indexOf(':'))
  if (!isWellFormedDigest(digest) || !/^sha(?:256|384|512)$/.test(algorithm)) return undefined
  const content = mediaType.endsWith('+prettyjws') ? signedPayload(bytes) : bytes
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}` === digest
}

/**
 * What a signed schema 1 manifest signs: its own first `formatLength` bytes and then `formatTail`
 * (docker/libtrust, jsonsign.go). What is not signed is its own payload.
 */
function signedPayload(bytes: Buffer): Buffer {
  try {
    const { signatures } = JSON.parse(bytes.toString()) as {
      readonly signatures: readonly { readonly protected: string }[]
    }
    const header = JSON.parse(decode(signatures[0]!.protected).toString()) as {
      readonly formatLength: number
      readonly formatTail: string
    }
    return Buffer.concat([bytes.subarray(0, header.formatLength), decode(header.formatTail)])
  } catch {
    return bytes
  }
}

function decode(text: string): Buffer {
  return Buffer.from(text, 'base64url')
}
