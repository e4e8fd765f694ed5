import type { Config } from '../../../src/config.ts'
import { parseConfig } from '../../../src/config.ts'
import type { Digest } from '../../../src/core/digest.ts'

/** Of a hundred blobs so many are others in each round than in the one before. */
const changedOf = 100

/** Three mirrors in one store, path style. */
export function publishedConfig(store: string): Config {
  const mirrors = ['us-east-1', 'eu-west-1', 'ap-south-1'].map((region) => ({
    id: `aws/${region}`,
    bucket: region,
    endpoint: store,
    forcePathStyle: true,
    credentials: 'BENCH',
  }))
  return parseConfig({ upstreams: [{ registry: store }], mirrors }, 'the bench')
}

/**
 * The digest of a blob in a round: they come in order, as a bucket lists them, and in each round one in
 * a hundred is another than before, one going for each that comes.
 */
export function publishedDigest(at: number, blobs: number, round: number): Digest {
  const turn = at % changedOf
  const version = turn === 0 || round < turn ? 0 : Math.floor((round - turn) / changedOf) + 1
  let hex = Math.floor(at * (2 ** 32 / blobs))
    .toString(16)
    .padStart(8, '0')
  for (let word = 1; word < 8; word++) {
    hex += mixed(at, version * 8 + word)
      .toString(16)
      .padStart(8, '0')
  }
  return `sha256:${hex}` as Digest
}

/** Two numbers well stirred: murmur3's finalizer. */
function mixed(at: number, salt: number): number {
  let word = Math.imul(at + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}
