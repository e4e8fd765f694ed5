import { asciiBytes, colon, isAt, lineFeed, slash } from './byte-scan.ts'
import { viewOf, wordOf } from './byte-words.ts'
import {
  afterEncodedColon,
  afterHost,
  algorithmEndWord,
  algorithmWord,
  beforeDigest,
  hexLength,
  longestColon,
  pairValues,
  stops,
} from './target-scan.ts'

/** What a path asks for, as far as it counts: anything else is `other`. */
export type TargetKind = 'blob' | 'manifest' | 'other'

/**
 * The blob or manifest that a request is for, found in the bytes of its path, which it remembers:
 * they are good until the next line is read.
 */
export class RequestTarget {
  /** The first eight bytes of the blob's SHA-256, big end first. */
  digestHigh = 0
  digestLow = 0
  /** As far as `read` looked, which is the path's end where it found something. */
  end = 0
  #bytes: Buffer = Buffer.alloc(0)
  #isBlob = false
  #repositoryFrom = 0
  #repositoryTo = 0
  #referenceFrom = 0
  #referenceTo = 0

  /**
   * Reads a registry's path, `/v2/<repository>/blobs/sha256:<hex>` or
   * `/v2/<repository>/manifests/<reference>`, up to a space, a quote, a query or a line end;
   * `https://host` may come before it. A repository may have such words in its name.
   */
  read(bytes: Buffer, from: number): TargetKind {
    const path = bytes[from] === slash ? from : afterHost(bytes, from)
    this.end = path
    if (path + version.length > bytes.length) return 'other'
    const view = viewOf(bytes)
    return view.getInt32(path) === versionWord ? this.#readName(bytes, view, path + 4) : 'other'
  }

  /**
   * Reads the key of an object in a bucket: where blobs are kept by their digest, as
   * `…/sha256:<hex>`, `…/sha256/<hex>` and `…/sha256/<2 hex>/<hex>`, the last two with or without
   * `/data` after them. A key may be a registry's path too, with or without its first slash.
   */
  readKey(bytes: Buffer, from: number, to: number): TargetKind {
    const key = bytes[from] === slash ? from + 1 : from
    if (isAt(bytes, key, keyVersion)) {
      const kind = this.#readName(bytes, viewOf(bytes), key + 3)
      if (kind !== 'other') return kind
    }
    const end = isAt(bytes, to - dataFile.length, dataFile) ? to - dataFile.length : to
    const hex = end - hexLength
    if (hex - 'sha256:'.length < key) return 'other'
    const name = beforeDigest(bytes, hex)
    if (name < key || (name > key && bytes[name - 1] !== slash)) return 'other'
    return this.#readHex(bytes, 0, 0, hex) ? 'blob' : 'other'
  }

  /** Reads the path of a request that is text: see `read`. */
  readText(text: string): TargetKind {
    const length = scratch.write(text, 0, scratch.length - 1, 'latin1')
    scratch[length] = lineFeed
    return this.read(scratch, 0)
  }

  repository(): string {
    return decoded(this.#bytes.toString('latin1', this.#repositoryFrom, this.#repositoryTo))
  }

  reference(): string {
    const text = this.#bytes.toString('latin1', this.#referenceFrom, this.#referenceTo)
    return this.#isBlob ? `sha256:${text}` : decoded(text)
  }

  #readName(bytes: Buffer, view: DataView, from: number): TargetKind {
    const last = bytes.length - verbsLength
    for (let at = from; ; at++) {
      while (stops[bytes[at]!] === 0) at++
      this.end = at
      if (bytes[at] !== slash || at > last) return 'other'
      // A repository has a letter at least, and what follows its verb is the last segment.
      if (at === from) continue
      const word = view.getInt32(at)
      if (word === blobsWord) {
        if (this.#readBlob(bytes, view, from, at)) return 'blob'
      } else if (word === manifestsWord) {
        if (this.#readManifest(bytes, from, at)) return 'manifest'
      }
    }
  }

  /** Reads `/blobs/sha256:<hex>` at the end of a path. */
  #readBlob(bytes: Buffer, view: DataView, from: number, verb: number): boolean {
    const name = verb + blobs.length
    if (name + 'sha256'.length + longestColon + hexLength > bytes.length) return false
    const isWanted =
      view.getInt32(name - 4) === blobsEndWord &&
      view.getInt32(name) === algorithmWord &&
      view.getInt32(name + 2) === algorithmEndWord
    if (!isWanted) return false
    const colonAt = name + 'sha256'.length
    const hex = bytes[colonAt] === colon ? colonAt + 1 : afterEncodedColon(bytes, colonAt)
    const end = bytes[hex + hexLength]!
    if (stops[end] === 0 || end === slash) return false
    return this.#readHex(bytes, from, verb, hex)
  }

  /** Reads `/manifests/` and a tag or a digest at the end of a path. */
  #readManifest(bytes: Buffer, from: number, verb: number): boolean {
    const name = verb + manifests.length
    let at = name
    while (stops[bytes[at]!] === 0) at++
    if (at === name || bytes[at] === slash || !isAt(bytes, verb, manifests)) return false
    this.#isBlob = false
    this.#remember(bytes, from, verb, name, at)
    return true
  }

  #readHex(bytes: Buffer, repository: number, repositoryTo: number, hex: number): boolean {
    const view = viewOf(bytes)
    let strange = 0
    let high = 0
    let low = 0
    for (let at = hex; at < hex + 8; at += 2) {
      const value = pairValues[view.getUint16(at)]!
      strange |= value
      high = (high << 8) | value
    }
    for (let at = hex + 8; at < hex + 16; at += 2) {
      const value = pairValues[view.getUint16(at)]!
      strange |= value
      low = (low << 8) | value
    }
    for (let at = hex + 16; at < hex + hexLength; at += 2) {
      strange |= pairValues[view.getUint16(at)]!
    }
    if (strange > 255) return false
    this.digestHigh = high >>> 0
    this.digestLow = low >>> 0
    this.#isBlob = true
    this.#remember(bytes, repository, repositoryTo, hex, hex + hexLength)
    return true
  }

  #remember(bytes: Buffer, from: number, to: number, referenceFrom: number, referenceTo: number) {
    this.end = referenceTo
    this.#bytes = bytes
    this.#repositoryFrom = from
    this.#repositoryTo = to
    this.#referenceFrom = referenceFrom
    this.#referenceTo = referenceTo
  }
}

const version = '/v2/'
const versionWord = wordOf(version)
const keyVersion = asciiBytes('v2/')
const blobs = '/blobs/'
const blobsWord = wordOf('/blo')
const blobsEndWord = wordOf('obs/')
const manifests = asciiBytes('/manifests/')
const manifestsWord = wordOf('/man')
/** No verb with a name after it is shorter. */
const verbsLength = blobs.length
const dataFile = asciiBytes('/data')

/** Where requests that are text are read from. */
const scratch = Buffer.alloc(16_384)

/** A name as it was meant: what cannot be decoded stays as it is. */
function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
