import { createCipheriv, createHash } from 'node:crypto'

/** Numbers from 0 to 1 (mulberry32): the same in every run. */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes that do not compress, the same for the same name, and that can be had from any place on. */
export type Noise = {
  /** `fromByte` is a multiple of 16. */
  readonly read: (fromByte: number, lengthBytes: number) => Buffer
}

/** AES in counter mode over zeros: 2 GB a second, which no other generator here comes near. */
export function createNoise(name: string): Noise {
  const key = createHash('sha256').update(name).digest().subarray(0, 16)
  return {
    read(fromByte, lengthBytes) {
      const counter = Buffer.alloc(16)
      counter.writeBigUInt64BE(BigInt(fromByte / 16), 8)
      const bytes = Buffer.alloc(lengthBytes)
      return createCipheriv('aes-128-ctr', key, counter).update(bytes)
    },
  }
}
