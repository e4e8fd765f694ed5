import { meanings } from './address-characters.ts'

/**
 * Reads `text` into groups of 16 bits (group `g` at `g ^ 1`) where it is IPv6 in full, as most clients'
 * addresses are: eight groups, and no `::`. Most groups have four digits: to look at those together
 * leaves one branch in the place of eight, and takes a quarter off the reading of such an address.
 */
export function readEightGroups(text: string, groups: Uint16Array): boolean {
  const length = text.length
  let at = 0
  for (let count = 0; count < 8; count++) {
    // A last group of one or two digits is rare, and the other reader's.
    if (at + 3 > length) return false
    const codeA = text.charCodeAt(at)
    const codeB = text.charCodeAt(at + 1)
    const codeC = text.charCodeAt(at + 2)
    const codeD = at + 3 < length ? text.charCodeAt(at + 3) : 58
    if ((codeA | codeB | codeC | codeD) > 127) return false
    const first = meanings[codeA]!
    const second = meanings[codeB]!
    const third = meanings[codeC]!
    const fourth = meanings[codeD]!
    let group = first
    if ((first | second | third | fourth) < 16) {
      group = (first << 12) | (second << 8) | (third << 4) | fourth
      at += 4
    } else if (first > 15) {
      return false
    } else if (second > 15) {
      at += 1
    } else if (third > 15) {
      group = (first << 4) | second
      at += 2
    } else {
      group = (first << 8) | (second << 4) | third
      at += 3
    }
    groups[count ^ 1] = group
    if (at === length) return count === 7
    if (text.charCodeAt(at) !== 58) return false
    at++
  }
  return false
}
