import type { ClientLocation, Cloud } from './location.ts'

/** One vendor's published document, as far as a table remembers it. */
export type RangesSource = {
  readonly cloud: Cloud
  /** Its name at the vendor's, such as `ip-ranges.json`. */
  readonly document: string
  /** The vendor's own version: a syncToken (AWS, GCP) or a changeNumber (Azure). It grows. */
  readonly version: string
  /** When the vendor made it, in ISO 8601; null where the document does not say (Azure). */
  readonly date: string | null
  /** How many different prefixes it lists. */
  readonly prefixes: { readonly ipv4: number; readonly ipv6: number }
  /** The address it was read from, without its query; absent: it came with nearport, or as a file. */
  readonly from?: string
  /** What its server calls this state of it, where it says. */
  readonly etag?: string
  /** SHA-256 of the document in hex, where it was read from an address. */
  readonly sha256?: string
}

/** What a table says besides spans. A location's place in the list is its number in the answers. */
export type AddressTableMetadata = {
  readonly sources: readonly RangesSource[]
  readonly locations: readonly ClientLocation[]
}

/**
 * Metadata as the JSON that a table carries, a byte a character: regions and documents have ASCII
 * names.
 */
export function writeMetadata({ sources, locations }: AddressTableMetadata): Uint8Array {
  const text = JSON.stringify({ sources, locations })
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/**
 * Reads what `writeMetadata` wrote, deeply frozen. The table's version and checksum have vouched
 * for its shape.
 */
export function readMetadata(bytes: Uint8Array): AddressTableMetadata {
  // A typed array is as good as a list here, and spreading it costs ten times as much.
  const text = String.fromCharCode.apply(undefined, bytes as unknown as number[])
  const { sources, locations } = JSON.parse(text) as AddressTableMetadata

  for (const source of sources) Object.freeze(source.prefixes)
  return Object.freeze({
    sources: Object.freeze(sources.map((source) => Object.freeze(source))),
    locations: Object.freeze(locations.map((location) => Object.freeze(location))),
  })
}
