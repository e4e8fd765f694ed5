import type { ManifestDeps } from '../../../src/proxy/manifests/deps.ts'
import { createKeptManifests } from '../../../src/proxy/manifests/kept.ts'
import { createManifestMemory } from '../../../src/proxy/manifests/memory.ts'
import { createSingleFlight } from '../../../src/runtime/single-flight.ts'
import { imageOf, indexOf, push } from '../../../src/embedded/images.ts'
import type { Registry, RegistryOptions } from '../../../src/embedded/registry.ts'
import type { RelayChanges, RelayWorld } from '../relay/relay-world.ts'
import { startRelayWorld } from '../relay/relay-world.ts'

/** Small images that fit the small limits of the world. */
export const image = imageOf({ architecture: 'amd64' })
export const newer = imageOf({ architecture: 'arm64' })
export const index = indexOf([image, newer])

export const { digest, mediaType } = image.descriptor
export const text = new TextDecoder().decode(image.bytes)
export const byDigest = `/v2/app/manifests/${digest}`
export const byTag = '/v2/app/manifests/1.0'
export const accept = `${mediaType}, ${index.descriptor.mediaType}`

export type ManifestWorld = RelayWorld & {
  /** Method and last segment of every request for a manifest that the upstream got. */
  readonly asked: () => readonly string[]
}

export type Keeping = Partial<Omit<ManifestDeps, 'memory' | 'now'>> & {
  readonly memoryBytes?: number
}

/** What keeps manifests as configured; no mirror has any unless told otherwise. */
export function keeping({ memoryBytes = 1e6, ...changes }: Keeping = {}) {
  const memory = createManifestMemory(memoryBytes)
  return (now: () => number) =>
    createKeptManifests({
      memory,
      tagMs: 0,
      staleMs: 60_000,
      coalesce: createSingleFlight(),
      readMirror: () => Promise.resolve(undefined),
      ...changes,
      now,
    })
}

/** nearport that keeps manifests, before an embedded registry that has two images and an index. */
export async function startManifestWorld(
  kept: Keeping = {},
  options: RegistryOptions = {},
  changes: RelayChanges = {},
): Promise<ManifestWorld> {
  const world = await startRelayWorld(() => options, { manifests: keeping(kept), ...changes })
  fill(world.registry)
  const asked = () =>
    world.registry.requests
      .filter(({ path }) => path.includes('/manifests/'))
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`)
  return { ...world, asked }
}

function fill(registry: Registry): void {
  push(registry, 'prod/app', index, 'all')
  push(registry, 'prod/app', image, '1.0')
}
