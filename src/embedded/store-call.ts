import type { Body } from './store-body.ts'
import type { Bucket } from './store-bucket.ts'
import type { Caller } from './store-signature.ts'
import { type XmlFields, xmlOf } from './store-xml.ts'

/** What the store holds, and how it behaves; see StoreOptions. */
export type StoreState = {
  readonly buckets: Map<string, Bucket>
  readonly pageLimit: number
  readonly minimumPartBytes: number
  readonly now: () => number
  readonly nextId: () => string
}

/** One request whose sender is known and whose body is here. */
export type Call = {
  readonly state: StoreState
  readonly caller: Caller
  readonly method: string
  readonly headers: Headers
  readonly query: URLSearchParams
  readonly body: Body
  readonly bucket: Bucket
  /** Decoded; '' where the bucket itself is meant. */
  readonly key: string
}

/**
 * Carries out one S3 action. It does not wait, so nothing comes between its checks and its effect.
 * Throws StoreError.
 */
export type Action = (call: Call) => Response

/** The text of the body, where the body is a document. */
export function bodyText(call: Call): string {
  return new TextDecoder().decode(call.body.bytes)
}

/** A 200 with an XML document. */
export function xmlResponse(root: string, fields: XmlFields): Response {
  const text = xmlOf(root, fields)
  return new Response(text, {
    headers: {
      'Content-Type': 'application/xml',
      'Content-Length': String(Buffer.byteLength(text)),
    },
  })
}

/** An answer with headers only: 200, or 204 after a delete. */
export function emptyResponse(
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Response {
  const length: Record<string, string> = status === 204 ? {} : { 'Content-Length': '0' }
  return new Response(null, { status, headers: { ...length, ...headers } })
}

/** S3's time in documents. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
