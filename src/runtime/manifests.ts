import type { Config } from '../config.ts'
import type { ManifestDeps } from '../proxy/manifests/deps.ts'
import type { KeptManifests } from '../proxy/manifests/kept.ts'
import { createKeptManifests } from '../proxy/manifests/kept.ts'
import { createManifestMirror } from '../proxy/manifests/mirror.ts'
import { createManifestMemory } from '../proxy/manifests/memory.ts'

/** The distribution spec has registries take 4 MiB, and clients take no more. */
export const largestManifestBytes = 4 * 1024 * 1024 + 65_536

/** What is not the same everywhere that manifests are kept. */
export type ManifestPlace = Pick<ManifestDeps, 'coalesce'> & {
  /** The memory that a place has for them at most, in bytes; default: what is configured. */
  readonly mostBytes?: number | undefined
}

/** Manifests as the configuration keeps them, in a place; undefined: it keeps none. */
export function createConfiguredManifests(
  { manifests, probe }: Pick<Config, 'manifests' | 'probe'>,
  { coalesce, mostBytes = Infinity }: ManifestPlace,
): KeptManifests | undefined {
  if (manifests === undefined) return undefined
  const { memoryBytes, tagSeconds, staleSeconds } = manifests
  return createKeptManifests({
    memory: createManifestMemory(Math.min(memoryBytes, mostBytes)),
    tagMs: tagSeconds * 1000,
    staleMs: staleSeconds * 1000,
    coalesce,
    readMirror: createManifestMirror({
      fetch: (url, init) => fetch(url, init),
      timeoutMs: probe.timeoutMs,
      maxBytes: largestManifestBytes,
    }),
    now: Date.now,
  })
}
