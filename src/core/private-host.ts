import { addressWords, readAddress } from './address.ts'

/**
 * Whether a URL's host name is of this machine or of a network behind it. The URL has already made
 * `0x7f.1` and its like to dotted quads.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$|\.$/g, '')
  const family = readAddress(name)
  // Only what is handed out to the world is not private (RFC 4291 §2.4).
  if (family === 6) return addressWords[0]! >>> 29 !== 1
  if (family === 4) return isPrivateIpv4(addressWords[0]!)
  return !name.includes('.') || /\.(?:localhost|local|internal)$/.test(name)
}

/** RFC 6890's blocks that are not for the internet, with their lengths, and all from 224.0.0.0 on. */
const privateBlocks: readonly (readonly [number, number])[] = [
  [0x00_00_00_00, 8],
  [0x0a_00_00_00, 8],
  [0x64_40_00_00, 10],
  [0x7f_00_00_00, 8],
  [0xa9_fe_00_00, 16],
  [0xac_10_00_00, 12],
  [0xc0_00_00_00, 24],
  [0xc0_a8_00_00, 16],
  [0xc6_12_00_00, 15],
  [0xe0_00_00_00, 3],
]

function isPrivateIpv4(word: number): boolean {
  return privateBlocks.some(([block, length]) => (word ^ block) >>> (32 - length) === 0)
}
