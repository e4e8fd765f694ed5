import { createHash } from 'node:crypto'
import type { Bytes } from './repository.ts'
import { type Checksums, verifyChecksums } from './store-checksum.ts'
import { decodeChunks } from './store-chunked.ts'
import { StoreError } from './store-error.ts'

/** A request's body, whole, without framing, and equal to every hash that came with it. */
export type Body = { readonly bytes: Bytes; readonly checksums: Checksums }

const noBody: Body = { bytes: new Uint8Array(), checksums: {} }

/**
 * Reads a body to its end before anything is done with it, so that a transfer cut short leaves
 * nothing. Throws StoreError where the length, the signed hash, a checksum or the framing is wrong
 * or of a kind not known here.
 */
export async function readBody(request: Request): Promise<Body> {
  if (request.method !== 'PUT' && request.method !== 'POST') return noBody

  const raw = await readWhole(request)
  const payload = request.headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD'
  const isChunked = request.headers.get('content-encoding')?.includes('aws-chunked') ?? false
  if (payload === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return readChunked(request, raw)
  if (payload.startsWith('STREAMING-') || isChunked) {
    // Stored as it came, the framing would become part of the object.
    throw new StoreError('NotImplemented', `Framing ${payload} is not implemented`)
  }

  if (payload !== 'UNSIGNED-PAYLOAD') verifySigned(raw, payload)
  return { bytes: raw, checksums: verifyChecksums(raw, request.headers) }
}

async function readWhole(request: Request): Promise<Bytes> {
  const raw = new Uint8Array(await arrived(request))
  const promised = request.headers.get('content-length')
  if (promised !== null && Number(promised) !== raw.byteLength) {
    throw new StoreError('IncompleteBody', undefined, {
      NumberBytesExpected: Number(promised),
      NumberBytesProvided: raw.byteLength,
    })
  }
  return raw
}

async function arrived(request: Request): Promise<ArrayBuffer> {
  try {
    return await request.arrayBuffer()
  } catch (cause) {
    // The client is gone: nobody reads this answer.
    throw new StoreError('IncompleteBody', undefined, { Cause: String(cause) })
  }
}

function readChunked(request: Request, raw: Bytes): Body {
  const { bytes, trailers } = decodeChunks(raw)
  const promised = Number(request.headers.get('x-amz-decoded-content-length') ?? Number.NaN)
  if (promised !== bytes.byteLength) {
    throw new StoreError('IncompleteBody', undefined, {
      NumberBytesExpected: promised,
      NumberBytesProvided: bytes.byteLength,
    })
  }
  const headers = new Headers(request.headers)
  for (const [name, value] of trailers) headers.set(name, value)
  return { bytes, checksums: verifyChecksums(bytes, headers) }
}

function verifySigned(bytes: Bytes, payload: string): void {
  const computed = createHash('sha256').update(bytes).digest('hex')
  if (computed === payload) return
  throw new StoreError('XAmzContentSHA256Mismatch', undefined, {
    ClientComputedContentSHA256: payload,
    S3ComputedContentSHA256: computed,
  })
}
