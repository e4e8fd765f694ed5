import type { Hono } from 'hono'
import type { Config } from '../config.ts'
import type { ServiceEvent } from '../core/event.ts'
import type { PeerBindings } from './node-parts.ts'
import { makeNodeParts } from './node-parts.ts'

export type { PeerBindings } from './node-parts.ts'

/** What a nearport without ports of its own needs. */
export type NodeAppDeps = {
  /** Gets one event for each request, and one for each thing that happens beside them. */
  readonly record: (event: ServiceEvent) => void
  /** Where credentials are read from; default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The service that clients see, for whoever has a server already. */
export type NodeApp = {
  /** Answers `/v2/…`: clients look for a registry at the root of a host, and nowhere else. */
  readonly app: Hono<{ Bindings: PeerBindings }>
  /**
   * Loads the index and keeps it fresh; before, every client gets the upstream. Resolves with the
   * function that ends it, and never rejects.
   */
  readonly start: () => Promise<() => void>
}

/**
 * Makes nearport's app on Node for a configuration: what `nearport serve` answers clients with, less
 * its ports, metrics and operators' page. Throws where the environment lacks the credentials that the
 * configuration names.
 */
export function createNodeApp(config: Config, { record, env = process.env }: NodeAppDeps): NodeApp {
  const { app, start } = makeNodeParts(config, { record, env })
  return { app, start }
}
