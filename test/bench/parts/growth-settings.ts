import { freemem } from 'node:os'

/** What grows, one at a time: the others stay as they usually are. */
export type GrowthAxis = 'blobs' | 'mirrors' | 'connections'

/** One size of everything. */
export type GrowthSetting = Readonly<Record<GrowthAxis, number>>

export const usual: GrowthSetting = { blobs: 100_000, mirrors: 1, connections: 64 }

const sizes: Readonly<Record<GrowthAxis, readonly number[]>> = {
  blobs: [10_000, 100_000, 1_000_000, 10_000_000],
  mirrors: [1, 10, 100],
  connections: [16, 64, 256, 1024],
}

/** Ten million blobs are 170 MB, which are there several times while the index is made and read. */
const memoryOfMost = 3e9

/** Every axis with its settings from the least to the most; what is usual is in each of them. */
export function growthSettings(): readonly (readonly [GrowthAxis, readonly GrowthSetting[]])[] {
  const most = freemem() < memoryOfMost ? 1_000_000 : Infinity
  if (most < Infinity) console.log('less than 3 GB of memory are free: without ten million blobs')
  return (Object.keys(sizes) as GrowthAxis[]).map((axis) => {
    const fitting = sizes[axis].filter((size) => axis !== 'blobs' || size <= most)
    return [axis, fitting.map((size) => ({ ...usual, [axis]: size }))]
  })
}

/** What tells settings apart. */
export function settingKey({ blobs, mirrors, connections }: GrowthSetting): string {
  return `${blobs}-${mirrors}-${connections}`
}
