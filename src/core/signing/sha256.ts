import { hexOfWords } from './sha256-hex.ts'

/**
 * SHA-256 (FIPS 180-4) of text of ASCII characters alone, in lower-case hex. The Web's own is
 * asynchronous, and a redirect goes out in the turn in which it was asked for; where the platform
 * has a synchronous one, as Node does, that one is faster for more than some hundred bytes.
 */
export function sha256Hex(text: string): string {
  return hexOfWords(sha256Words(text))
}

/** The same as eight words of 32 bits. */
export function sha256Words(text: string): Int32Array {
  const state = initialState()
  finish(state, text, 0)
  return state
}

/** The state before the first block. */
export function initialState(): Int32Array {
  return initial.slice()
}

/** Takes the whole blocks at the start of a text into the state; returns how many bytes that were. */
export function absorbBlocks(state: Int32Array, text: string): number {
  const end = text.length - (text.length % 64)
  for (let at = 0; at < end; at += 64) {
    for (let word = 0; word < 16; word++) block[word] = wordAt(text, at + 4 * word)
    compress(state)
  }
  return end
}

/** Takes in the last of a message, of which `bytesBefore` (whole blocks) are in the state already. */
export function finish(state: Int32Array, text: string, bytesBefore: number): void {
  const start = absorbBlocks(state, text)
  const rest = text.length - start
  block.fill(0, 0, 16)
  for (let at = 0; at < rest; at++) {
    block[at >> 2]! |= text.charCodeAt(start + at) << (24 - 8 * (at & 3))
  }
  block[rest >> 2]! |= 0x80 << (24 - 8 * (rest & 3))
  // The length, of eight bytes, wants a block of its own where the rest leaves no room for it.
  if (rest >= 56) {
    compress(state)
    block.fill(0, 0, 16)
  }
  setLength(bytesBefore + text.length)
  compress(state)
}

/** Takes in one block of sixteen words. */
export function absorbWords(state: Int32Array, words: Int32Array): void {
  block.set(words)
  compress(state)
}

/** Takes in eight words as the last of a message, after whole blocks of `bytesBefore`. */
export function finishWords(state: Int32Array, words: Int32Array, bytesBefore: number): void {
  block.set(words)
  block.fill(0, 8, 16)
  block[8] = 0x80 << 24
  setLength(bytesBefore + 32)
  compress(state)
}

function setLength(bytes: number): void {
  block[14] = (bytes / 0x2000_0000) | 0
  block[15] = bytes << 3
}

function wordAt(text: string, at: number): number {
  return (
    (text.charCodeAt(at) << 24) |
    (text.charCodeAt(at + 1) << 16) |
    (text.charCodeAt(at + 2) << 8) |
    text.charCodeAt(at + 3)
  )
}

// One for all: nothing here waits, so nobody comes between.
const block = new Int32Array(64)

function compress(state: Int32Array): void {
  for (let at = 16; at < 64; at++) {
    const x = block[at - 15]!
    const y = block[at - 2]!
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    block[at] = (small0 + small1 + block[at - 7]! + block[at - 16]!) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let at = 0; at < 64; at++) {
    const large1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const first = (h + large1 + (g ^ (e & (f ^ g))) + constants[at]! + block[at]!) | 0
    const large0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const second = (large0 + ((a & b) | (c & (a | b)))) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
  state[4]! += e
  state[5]! += f
  state[6]! += g
  state[7]! += h
}

/** The first 32 bits of what comes after the point of the roots of the first primes. */
const initial = fractions(8, Math.sqrt)
const constants = fractions(64, Math.cbrt)

function fractions(count: number, root: (prime: number) => number): Int32Array {
  const words: number[] = []
  for (let number = 2; words.length < count; number++) {
    if (isPrime(number)) words.push(((root(number) % 1) * 0x1_0000_0000) | 0)
  }
  return Int32Array.from(words)
}

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor++) {
    if (number % factor === 0) return false
  }
  return true
}
