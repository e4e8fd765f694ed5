/**
 * CRC-32 as zlib and PNG have it (RFC 1952, section 8), where there is no zlib: on Workers, whose copy of
 * Node's would be larger than all else. Four bytes a step: a Worker that starts has had no time to
 * compile the loop, and takes it at the interpreter's pace.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  let at = 0
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      tables[768 + (crc & 0xff)]! ^
      tables[512 + ((crc >>> 8) & 0xff)]! ^
      tables[256 + ((crc >>> 16) & 0xff)]! ^
      tables[crc >>> 24]!
  }
  for (; at < bytes.length; at++) crc = tables[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffff_ffff) >>> 0
}

/** Of each byte what it comes to at the end, and with one, two and three bytes after it. */
const tables = makeTables()

function makeTables(): Int32Array {
  const made = new Int32Array(4 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb8_8320 ^ (crc >>> 1) : crc >>> 1
    made[byte] = crc
  }
  for (let n = 256; n < made.length; n++) {
    const before = made[n - 256]!
    made[n] = made[before & 0xff]! ^ (before >>> 8)
  }
  return made
}
