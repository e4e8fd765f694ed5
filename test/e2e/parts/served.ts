import { expect } from 'vitest'
import type { PulledImage } from './clients/client.ts'
import { sortedOnce } from './images.ts'
import type { Mirrors } from './nearport.ts'
import type { MirrorRequest } from './nginx.ts'
import { blobsOf, readMirrorLog } from './nginx.ts'
import type { RegistryRequest } from './registry.ts'
import { blobsServed, readRegistryLog } from './registry.ts'
import type { MirrorId, Parts } from './setup.ts'

/** What the registry and each mirror served, by their own logs. */
export type Served = {
  readonly registry: readonly RegistryRequest[]
  readonly mirrors: Readonly<Record<MirrorId, readonly MirrorRequest[]>>
}

/** What the registry and each mirror served while something was done. */
export async function follow<T>(
  parts: Pick<Parts, 'registry'>,
  faces: Mirrors['faces'],
  work: () => Promise<T>,
): Promise<{ result: T; served: Served }> {
  const before = await readLogs(parts, faces)
  const result = await work()
  const after = await readLogs(parts, faces)
  const since = (id: MirrorId) => after.mirrors[id].slice(before.mirrors[id].length)
  return {
    result,
    served: {
      registry: after.registry.slice(before.registry.length),
      mirrors: {
        'aws/us-east-1': withoutNearport(since('aws/us-east-1')),
        'aws/eu-west-1': withoutNearport(since('aws/eu-west-1')),
      },
    },
  }
}

async function readLogs(parts: Pick<Parts, 'registry'>, faces: Mirrors['faces']): Promise<Served> {
  const [registry, east, ireland] = await Promise.all([
    readRegistryLog(parts.registry),
    readMirrorLog(faces['aws/us-east-1']),
    readMirrorLog(faces['aws/eu-west-1']),
  ])
  return { registry, mirrors: { 'aws/us-east-1': east, 'aws/eu-west-1': ireland } }
}

/** nearport itself looks for a newer index all the while. */
function withoutNearport(requests: readonly MirrorRequest[]): readonly MirrorRequest[] {
  return requests.filter(({ path }) => !path.startsWith('/nearport/'))
}

/** What was pulled, without how long it took. */
export function contentOf({ manifests, blobs }: PulledImage) {
  return { manifests, blobs }
}

/**
 * Every blob of the pull came from there, all of it and nothing else, asked for by this address
 * without credentials.
 */
export function expectFrom(
  served: Served,
  where: MirrorId | 'upstream',
  pulled: PulledImage,
  ...addresses: readonly string[]
): void {
  const wanted = [...pulled.blobs]
  expect(sortedOnce(blobsServed(served.registry) as never)).toEqual(
    where === 'upstream' ? wanted : [],
  )
  for (const [id, requests] of Object.entries(served.mirrors)) {
    expect(sortedOnce(blobsOf(requests))).toEqual(where === id ? wanted : [])
    for (const { client, hasAuthorization } of requests) {
      expect(addresses).toContain(client)
      expect(hasAuthorization).toBe(false)
    }
  }
}
