import type { ClientLocation } from '../core/location.ts'
import type { RangesSource } from '../core/address-table-metadata.ts'
import type { Prefix } from './prefix.ts'

/** One row of a vendor's document. */
export type PublishedPrefix = Prefix & {
  readonly location: ClientLocation
  /** Whether AWS lists it for its service EC2. */
  readonly ec2: boolean
}

/** One vendor's document, read: `prefixes` in the document's order, repetitions included. */
export type PublishedRanges = {
  readonly source: RangesSource
  readonly prefixes: readonly PublishedPrefix[]
}
