import { listen as listenOnNode } from './listener.ts'

/** Listens by what this runs on: Bun brings a server of its own. */
export const listen: typeof listenOnNode = async (...of) => {
  if (process.versions['bun'] === undefined) return listenOnNode(...of)
  const { listenOnBun } = await import('./bun.ts')
  return listenOnBun(...of)
}
