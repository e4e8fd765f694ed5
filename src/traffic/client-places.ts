import { bareAddress } from '../core/address.ts'
import type { ClientLocation } from '../core/location.ts'
import { viewOf } from './byte-words.ts'
import { comma, space } from './byte-scan.ts'
import { isPrivate } from './private-address.ts'

/**
 * What a text in the place of an address is: `public` and `private` addresses (a proxy's, or a
 * neighbour's, which no vendor publishes), or `none` at all.
 */
export type Place = {
  readonly kind: 'public' | 'private' | 'none'
  readonly location: ClientLocation | undefined
}

const placesByLocate = new WeakMap<Locate, ClientPlaces>()

/** What is remembered of the answers of one `locate`: logs of load balancers are many small files. */
export function placesOf(locate: Locate): ClientPlaces {
  const places = placesByLocate.get(locate) ?? new ClientPlaces(locate)
  placesByLocate.set(locate, places)
  return places
}

type Locate = (address: string) => ClientLocation | undefined

/**
 * Tells where addresses are that are read from bytes. The last ones are remembered where their hash
 * says, each in the stead of the one before: clients pull an image in many requests.
 */
export class ClientPlaces {
  readonly #locate: Locate
  // What is no longer than an IPv4 address is remembered in four words, and compared at once.
  readonly #words = new Int32Array(slots * 4)
  readonly #places: Place[] = Array.from({ length: slots }, () => nowhere)
  readonly #texts = new Uint8Array(textSlots * longestText)
  readonly #lengths = new Uint8Array(textSlots)
  readonly #textPlaces: Place[] = Array.from({ length: textSlots }, () => nowhere)
  readonly #byName = new Map<string, Place>()

  constructor(locate: Locate) {
    this.#locate = locate
  }

  /** What one text is: an address, with or without port, brackets or zone. */
  find(bytes: Buffer, from: number, to: number): Place {
    const length = to - from
    if (length > 16 || length < 7 || from + 16 > bytes.length) {
      return this.#findText(bytes, from, to)
    }
    const view = viewOf(bytes)
    // What is after the end is masked away. Seven bytes and more are in the first word, and leave
    // only zeros in slots that nobody has taken.
    const first = view.getInt32(from, true)
    const second = view.getInt32(from + 4, true) & masks[length]!
    const third = view.getInt32(from + 8, true) & masks[17 + length]!
    const fourth = view.getInt32(from + 12, true) & masks[34 + length]!
    const hash = Math.imul(
      first ^ Math.imul(second, spread) ^ Math.imul(third, 0x85eb_ca6b) ^ (fourth << 7),
      0xc2b2_ae35,
    )
    const slot = ((hash ^ (hash >>> 15)) & (slots - 1)) * 4
    const words = this.#words
    if (
      words[slot] === first &&
      words[slot + 1] === second &&
      words[slot + 2] === third &&
      words[slot + 3] === fourth
    ) {
      return this.#places[slot >>> 2]!
    }
    const place = this.#look(bytes.toString('latin1', from, to))
    words[slot] = first
    words[slot + 1] = second
    words[slot + 2] = third
    words[slot + 3] = fourth
    this.#places[slot >>> 2] = place
    return place
  }

  #findText(bytes: Buffer, from: number, to: number): Place {
    const length = to - from
    if (length > longestText || length <= 0) return nowhere
    let hash = length
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, spread)
    const slot = (hash ^ (hash >>> 15)) & (textSlots - 1)
    if (this.#lengths[slot] === length && this.#isIn(slot, bytes, from)) {
      return this.#textPlaces[slot]!
    }
    const place = this.#look(bytes.toString('latin1', from, to))
    this.#texts.set(bytes.subarray(from, to), slot * longestText)
    this.#lengths[slot] = length
    this.#textPlaces[slot] = place
    return place
  }

  /**
   * The first public address among texts with spaces or commas between, as `X-Forwarded-For` has
   * the client before its proxies; else a private one, else none.
   */
  findFirst(bytes: Buffer, from: number, to: number): Place {
    let best = nowhere
    let begin = from
    for (let at = from; at <= to; at++) {
      if (at < to && bytes[at] !== space && bytes[at] !== comma) continue
      const place = this.find(bytes, begin, at)
      if (place.kind === 'public') return place
      if (place.kind === 'private') best = place
      begin = at + 1
    }
    return best
  }

  /** The first public address in a text, as `findFirst` has it. */
  findText(text: string): Place {
    return this.findFirst(scratch, 0, scratch.write(text, 'latin1'))
  }

  #isIn(slot: number, bytes: Uint8Array, from: number): boolean {
    const offset = slot * longestText
    const length = this.#lengths[slot]!
    for (let at = 0; at < length; at++) {
      if (this.#texts[offset + at] !== bytes[from + at]) return false
    }
    return true
  }

  #look(text: string): Place {
    let location = this.#locate(text)
    if (location === undefined) {
      const bare = bareAddress(text)
      if (bare === undefined) return nowhere
      if (bare !== text) location = this.#locate(bare)
      if (location === undefined) return isPrivate(bare) ? someNeighbour : somewhereElse
    }
    const name = `${location.cloud}/${location.region}`
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const place: Place = { kind: 'public', location }
    this.#byName.set(name, place)
    return place
  }
}

const slots = 16_384
const textSlots = 4096
/** An IPv6 address with brackets and a port, and something to spare. */
const longestText = 64
/** 2³² over the golden ratio. */
const spread = 0x9e37_79b1

const nowhere: Place = { kind: 'none', location: undefined }
const someNeighbour: Place = { kind: 'private', location: undefined }
const somewhereElse: Place = { kind: 'public', location: undefined }

/** For each length, what of the second to the fourth word belongs to it. */
const masks = Int32Array.from({ length: 17 * 3 }, (_, at) => {
  const bytes = Math.min(Math.max((at % 17) - 4 * (1 + Math.floor(at / 17)), 0), 4)
  return bytes === 4 ? -1 : (1 << (bytes * 8)) - 1
})

/** As much of a list as is looked at. */
const scratch = Buffer.alloc(1024)
