/** Addresses by their paths: those of the paths that were signed last. */
export type RecentAddresses = {
  readonly get: (path: string) => string | undefined
  /** Takes the place of another whose path falls together with this one. */
  readonly set: (path: string, address: string) => void
  readonly clear: () => void
}

/** As many addresses as an image has layers, several times over; a power of two. */
const slots = 256

/**
 * When many nodes start at once they ask for the same few layers within the same second: an address
 * that was made costs a twelfth of one that is signed (`npm run bench -- presign`). Kept by two characters
 * of the path and not in a Map, which hashes all of a path that it has never seen: that was a tenth of
 * what one that is signed took.
 */
export function createRecentAddresses(): RecentAddresses {
  const paths: (string | undefined)[] = Array.from({ length: slots })
  const addresses: (string | undefined)[] = Array.from({ length: slots })
  return {
    get(path) {
      const slot = slotOf(path)
      return paths[slot] === path ? addresses[slot] : undefined
    },
    set(path, address) {
      const slot = slotOf(path)
      paths[slot] = path
      addresses[slot] = address
    },
    clear() {
      paths.fill(undefined)
      addresses.fill(undefined)
    },
  }
}

/** Where the digest is the last of a key, or the last but one as in a registry's own layout, it is of its digits. */
function slotOf(path: string): number {
  const first = path.charCodeAt(path.length - 9)
  const second = path.charCodeAt(path.length - 8)
  return (digitOf(first) << 4) | digitOf(second)
}

/** From 0 to 15: what a hex digit stands for, and something of any other character or of none. */
function digitOf(code: number): number {
  return ((code & 15) + 9 * (code >> 6)) & 15
}
