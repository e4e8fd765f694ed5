import type { PullRoute } from './client-config-address.ts'
import { isOwnName } from './client-config-address.ts'

/** A file that a node wants, and what its owner has to know of it. */
export type ClientFile = {
  /** Where it goes on the node, or what takes it. */
  readonly path: string
  readonly content: string
  /** What makes the client read it. */
  readonly restart: string
  /** What the client does when nearport is away, or has no such image. */
  readonly fallback: string
  readonly notes: readonly string[]
}

/** What is said of every client whose images are named after nearport itself. */
export const noFallback = 'none: images are named after nearport itself'

/** A note for whoever asks for a file that says nothing new to the client. */
export function needlessNotes(route: PullRoute): readonly string[] {
  if (!isOwnName(route) || route.scheme === 'http') return []
  return [
    `no file is needed to pull ${route.nearport}/… over HTTPS; --mirror-of sends another registry's pulls there`,
  ]
}

/**
 * A string of TOML, YAML and JSON alike: of the printable ASCII that an address is made of, all
 * three read the same out of double quotes.
 */
export function quote(text: string): string {
  return JSON.stringify(text)
}
