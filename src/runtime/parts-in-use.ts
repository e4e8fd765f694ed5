import type { Config } from '../config.ts'
import type { NodeParts, NodePartsDeps } from './node-parts.ts'
import { makeNodeParts } from './node-parts.ts'

/** The parts of the configuration in use, and what puts those of another in their place. */
export type PartsInUse = {
  readonly current: () => NodeParts
  /** Loads what they need, once. Never rejects. */
  readonly start: () => Promise<void>
  /**
   * Puts the parts of another configuration in their place, once all that they need is loaded. Rejects,
   * and changes nothing, where the environment lacks the credentials that it names.
   */
  readonly take: (config: Config) => Promise<void>
  /** Keeps nothing fresh any more. */
  readonly stop: () => void
}

/** Makes the parts of a first configuration. Throws where the environment lacks its credentials. */
export function createPartsInUse(
  config: Config,
  deps: Pick<NodePartsDeps, 'record' | 'env'>,
): PartsInUse {
  let parts = makeNodeParts(config, deps)
  let stop: (() => void) | undefined
  return {
    current: () => parts,
    async start() {
      stop = await parts.start()
    },
    async take(next) {
      const made = makeNodeParts(next, { ...deps, before: parts.watching })
      const stopMade = await made.start()
      stop?.()
      parts = made
      stop = stopMade
    },
    stop: () => stop?.(),
  }
}
