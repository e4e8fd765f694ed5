const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Words of 32 bits in lower-case hex, the highest byte first. */
export function hexOfWords(words: Int32Array): string {
  let hex = ''
  for (const word of words) {
    hex +=
      hexOfByte[word >>> 24]! +
      hexOfByte[(word >>> 16) & 255]! +
      hexOfByte[(word >>> 8) & 255]! +
      hexOfByte[word & 255]!
  }
  return hex
}
