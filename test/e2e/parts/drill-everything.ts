import { rm } from 'node:fs/promises'
import type { Drill } from './drill.ts'
import { staleTag } from './drill.ts'
import type { DrillWorld } from './drill-world.ts'

const what = 'everything but nearport and its disk'

const cutOff = async ({ faces, directory }: DrillWorld) => {
  for (const face of Object.values(faces)) await face.suffer({ kind: 'cut off' })
  await rm(directory, { recursive: true, force: true })
}

const restart = async ({ serve }: DrillWorld) => {
  await serve.stop()
  await serve.start()
}

/**
 * Mirrors, upstream, the ranges' source and the folder that sync publishes to are gone, for nearport
 * alone: clients, whose network is another, reach what they are sent to.
 */
export const everythingDrills: readonly Drill[] = [
  {
    what,
    how: 'out of its reach, manifests kept',
    begin: async (world) => {
      await cutOff(world)
      await world.serve.forward()
    },
    sight: staleTag('gave no answer for a tag'),
  },
  {
    what,
    how: 'out of its reach, and started anew',
    begin: async (world) => {
      await world.take({ manifests: undefined })
      await cutOff(world)
      await restart(world)
    },
    sight: {
      event: ['index', '"outcome":"loaded"'],
      metric: ['nearport_ranges_source{cloud="aws",source="fetched"}', 1],
    },
    client: 'containerd',
    end: ({ take }) => take(),
  },
  {
    what,
    how: 'out of its reach, and started anew, manifests kept in memory',
    begin: async (world) => {
      await cutOff(world)
      await restart(world)
    },
    sight: {
      event: ['request', '"status":503'],
      metric: ['nearport_request_failures_total{kind="manifest"}', 'rises'],
      alert: 'NearportRequestsFail',
    },
    none: { why: 'the memory ended with the process', said: /503|UNAVAILABLE/ },
  },
]
