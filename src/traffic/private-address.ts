import { addressWords, readAddress } from '../core/address.ts'

/** Private, loopback, link-local and shared (RFC 6598) addresses: of machines beside the server. */
export function isPrivate(address: string): boolean {
  const family = readAddress(address)
  const word = addressWords[0]!
  if (family === 6) {
    const [, second, third, fourth] = addressWords
    const isLoopback = word === 0 && second === 0 && third === 0 && fourth === 1
    return isLoopback || word >>> 25 === 0xfc >>> 1 || word >>> 22 === 0xfe80 >>> 6
  }
  return (
    word >>> 24 === 10 ||
    word >>> 24 === 127 ||
    word >>> 20 === 0xac1 ||
    word >>> 16 === 0xc0a8 ||
    word >>> 16 === 0xa9fe ||
    word >>> 22 === 0x6440 >>> 6
  )
}
