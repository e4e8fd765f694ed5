import { createHash } from 'node:crypto'
import { createRandom } from './random.ts'

/** The blobs of a registry, and one of them drawn by how often it is pulled. */
export type FoundingBlobs = {
  readonly hex: readonly string[]
  readonly sizes: Float64Array
  readonly draw: () => number
  /** What a pull reads in the mean. */
  readonly meanBytes: number
}

/**
 * Makes so many blobs of so many bytes in all: sizes are log-normal, as layers' are about, and
 * pulls follow Zipf's law, the size of a blob being nothing to its rank. The same seed makes the same.
 */
export function createBlobs(count: number, bytes: number, seed: number): FoundingBlobs {
  const random = createRandom(seed)
  const sizes = Float64Array.from({ length: count }, () => Math.exp(1.5 * normal(random)))
  const scale = bytes / sizes.reduce((sum, size) => sum + size, 0)
  for (const [at, size] of sizes.entries()) sizes[at] = Math.max(32, Math.round(size * scale))

  // The chance that a pull is of one of the first n.
  const upTo = new Float64Array(count)
  let sum = 0
  let weighted = 0
  for (let rank = 0; rank < count; rank++) {
    // Flatter at the top than Zipf's own: no layer of this registry was a tenth of all pulls.
    const chance = 1 / (rank + 20)
    sum += chance
    upTo[rank] = sum
    weighted += chance * sizes[rank]!
  }
  return {
    hex: Array.from({ length: count }, (_, at) =>
      createHash('sha256').update(`${seed} ${at}`).digest('hex'),
    ),
    sizes,
    draw: () => firstAbove(upTo, random() * sum),
    meanBytes: weighted / sum,
  }
}

function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Box and Muller's. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
