import type { Digest } from './digest.ts'
import { parseDigest } from './digest.ts'

/**
 * What is known of a manifest: what it leads to. A manifest never changes under its digest, so what
 * was once read of it holds for ever; only what refers to it may grow.
 */
export type LedgerRecord = {
  readonly digest: Digest
  /** Digests of the manifests in it, as written. */
  readonly manifests: readonly string[]
  readonly blobs: readonly { readonly digest: Digest; readonly sizeBytes: number }[]
  /** What it is itself; undefined: it was read before mirrors held manifests. */
  readonly content?: ManifestForm | undefined
  /** What referred to it when the upstream was asked last; undefined: it never was. */
  readonly referrers?: KnownReferrers | undefined
}

/** The length of a manifest, and the media type that its upstream gives it. */
export type ManifestForm = { readonly sizeBytes: number; readonly mediaType: string }

/** Digests of manifests that refer to another, and when they were asked for (ms since 1970). */
export type KnownReferrers = { readonly digests: readonly string[]; readonly askedAtMs: number }

/** The first line of a ledger. Those after it are records. */
export const ledgerHeader = '{"nearport":1,"ledger":1}'

/** What every line of a record begins with: the digest is found without reading the rest. */
const lineStart = '{"manifest":"'
const digestLength = 71

/** One record as a line of a ledger, without the line's end. */
export function writeLedgerLine(record: LedgerRecord): string {
  const { digest, manifests, blobs, content, referrers } = record
  return JSON.stringify({
    manifest: digest,
    ...(content === undefined ? {} : { size: content.sizeBytes, type: content.mediaType }),
    manifests,
    blobs: blobs.map((blob) => [blob.digest, blob.sizeBytes]),
    ...(referrers === undefined
      ? {}
      : { referrers: referrers.digests, askedAt: referrers.askedAtMs }),
  })
}

/** The digest of the manifest that a line is of, or undefined where the line is no record. */
export function digestOfLedgerLine(line: string): Digest | undefined {
  if (!line.startsWith(lineStart)) return undefined
  return parseDigest(line.slice(lineStart.length, lineStart.length + digestLength))
}

/** Reads a line; undefined where it is no record. */
export function parseLedgerLine(line: string): LedgerRecord | undefined {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return undefined
  }
  const { manifest, size, type, manifests, blobs, referrers, askedAt } = Object(json) as Line
  const digest = typeof manifest === 'string' ? parseDigest(manifest) : undefined
  if (digest === undefined || !isTexts(manifests) || !Array.isArray(blobs)) return undefined
  const sized = blobs.map(parseBlob)
  if (!sized.every((blob) => blob !== undefined)) return undefined
  const known =
    isTexts(referrers) && typeof askedAt === 'number'
      ? { referrers: { digests: referrers, askedAtMs: askedAt } }
      : {}
  const content =
    Number.isSafeInteger(size) && typeof type === 'string'
      ? { content: { sizeBytes: size as number, mediaType: type } }
      : {}
  return { digest, manifests, blobs: sized, ...content, ...known }
}

type Line = Readonly<
  Partial<
    Record<'manifest' | 'size' | 'type' | 'manifests' | 'blobs' | 'referrers' | 'askedAt', unknown>
  >
>

/**
 * Whether it is time to ask again what refers to a manifest. The time is a little shorter for some
 * digests than for others, so that those first seen together are not all asked for together.
 */
export function areReferrersDue(
  digest: Digest,
  askedAtMs: number,
  nowMs: number,
  everySeconds: number,
): boolean {
  const share = Number.parseInt(digest.slice(-4), 16) / 0xffff
  return nowMs - askedAtMs >= everySeconds * 1000 * (0.5 + share / 2)
}

function parseBlob(item: unknown): { digest: Digest; sizeBytes: number } | undefined {
  const [text, sizeBytes] = (Array.isArray(item) ? item : []) as readonly unknown[]
  const digest = typeof text === 'string' ? parseDigest(text) : undefined
  if (digest === undefined || !Number.isSafeInteger(sizeBytes)) return undefined
  return { digest, sizeBytes: sizeBytes as number }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
