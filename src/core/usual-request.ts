import type { Digest } from './digest.ts'
import { setFingerprint } from './digest.ts'
import { following, inTag, wanting, within } from './request-grammar.ts'
import type { BlobRequest, ManifestRequest } from './request.ts'

/**
 * Puts a text into bytes from their start on: one for each ASCII character, and more for any other, as
 * UTF-8 has it. Returns how many that were, which is as many as the text has characters where all are
 * ASCII, and else another number. There is room for three bytes a character.
 */
export type PutText = (text: string, bytes: Uint8Array) => number

/** Reads the path of a request (no query), or gives undefined where it is not one of the usual ones. */
export type ReadUsual = (
  method: 'GET' | 'HEAD',
  path: string,
  query: string,
  ns: string | undefined,
) => BlobRequest | ManifestRequest | undefined

/**
 * Makes the reader of what nearly everybody asks for: `/v2/<name>/blobs/sha256:<hex>` and
 * `/v2/<name>/manifests/<tag or sha256:hex>`, where no character is encoded.
 *
 * It reads bytes and not the text, for that is where the time goes: a character of a text takes the
 * processor 2 ns, of which there are a hundred, and the regular expressions of the grammars took eight
 * times as long. To have the platform copy the text takes 60 ns, and from then on four bytes are one
 * word: a request for a blob is read in a tenth of the time that it took.
 */
export function createUsualReader(put: PutText): ReadUsual {
  return (method, path, query, ns) => {
    const length = path.length
    if (length < shortest || length > longest || put(path, bytes) !== length) return undefined
    if (view.getInt32(0) !== version) return undefined

    const isDigest = endsInDigest(length)
    const slash = isDigest ? length - digestLength - 1 : slashBeforeTag(length)
    // A blob has no tag.
    const isBlob =
      isDigest && view.getInt32(slash - 6) === blobs && view.getInt32(slash - 3) === blobsEnd
    if (!isBlob && !isManifests(slash)) return undefined
    const nameEnd = slash - (isBlob ? 6 : 10)
    if (!isName(nameEnd)) return undefined

    const repository = path.slice(nameStart, nameEnd)
    const tail = path.slice(slash + 1)
    if (isDigest) rememberFingerprint(tail as Digest, length - 64)
    if (!isBlob) return { kind: 'manifest', method, repository, query, ns, reference: tail }
    const mirrorable = tail as Digest
    return { kind: 'blob', method, repository, query, ns, digest: tail, mirrorable }
  }
}

/** A `PutText` that wants nothing of a platform, at three times the price. */
export const putTextAnywhere: PutText = (text, into) => {
  let bits = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    bits |= code
    into[at] = code
  }
  return bits < 128 ? text.length : -1
}

const nameStart = '/v2/'.length
const digestLength = 'sha256:'.length + 64
const shortest = '/v2/a/manifests/a'.length
const longest = nameStart + 255 + '/manifests/'.length + 128

// One for all: reading is synchronous. A word is four characters, the first on top, and is read here by
// what the language has: V8 takes only so much of other functions into one, and through a function of our
// own a whole decision took a third longer.
const bytes = new Uint8Array(3 * longest)
const view = new DataView(bytes.buffer)

/** Four characters as `view` has them. */
function wordOf(text: string): number {
  let word = 0
  for (let at = 0; at < 4; at++) word = (word << 8) | text.charCodeAt(at)
  return word
}

const version = wordOf('/v2/')
const algorithm = wordOf('/sha')
const algorithmEnd = wordOf('256:')
const blobs = wordOf('/blo')
const blobsEnd = wordOf('obs/')
const manifests = wordOf('/man')
const manifestsMiddle = wordOf('ifes')
const manifestsEnd = wordOf('sts/')

function isManifests(slash: number): boolean {
  return (
    slash >= nameStart + 1 + 10 &&
    view.getInt32(slash - 3) === manifestsEnd &&
    view.getInt32(slash - 6) === manifestsMiddle &&
    view.getInt32(slash - 10) === manifests
  )
}

/** Whether the path ends in a slash and a SHA-256, with room for a name before it. */
function endsInDigest(length: number): boolean {
  return (
    length >= nameStart + 1 + '/blobs/'.length + digestLength &&
    view.getInt32(length - 72) === algorithm &&
    view.getInt32(length - 68) === algorithmEnd &&
    isHex(length - 64, length)
  )
}

/** Four at a time: adding brings a byte's top bit up where it is at or above the first of a range. */
function isHex(from: number, to: number): boolean {
  let wrong = 0
  for (let at = from; at < to; at += 4) {
    const word = view.getInt32(at)
    const isDigit = (word + 0x5050_5050) & ~(word + 0x4646_4646)
    const isLetter = (word + 0x1f1f_1f1f) & ~(word + 0x1919_1919)
    // All are ASCII, so none carries into its neighbour.
    wrong |= ~(isDigit | isLetter)
  }
  return (wrong & 0x8080_8080) === 0
}

/** The last slash, behind which is a tag to the end; -1 where there is no tag. */
function slashBeforeTag(length: number): number {
  let at = length - 1
  while (at > nameStart && inTag[bytes[at]!] !== 0) at--
  const tagLength = length - 1 - at
  const isTag = bytes[at] === 47 && tagLength > 0 && tagLength <= 128 && inTag[bytes[at + 1]!] === 1
  return isTag ? at : -1
}

/** Whether what is between `/v2/` and `end` is a repository's name. */
function isName(end: number): boolean {
  if (end > nameStart + 255) return false
  let state = wanting
  for (let at = nameStart; at < end; at++) state = following[(state << 8) | bytes[at]!]!
  return state === within
}

/** What the index is to look for, while the digest lies here in bytes. */
function rememberFingerprint(digest: Digest, offset: number): void {
  let high = 0
  let low = 0
  for (let at = offset; at < offset + 16; at += 4) {
    const word = view.getInt32(at)
    // A letter's lower bits count from one, and bit 6 is a letter's alone.
    const digits = (word & 0x0f0f_0f0f) + 9 * ((word >>> 6) & 0x0101_0101)
    const pairs = digits | (digits >>> 4)
    high = (high << 16) | (low >>> 16)
    low = (low << 16) | ((pairs >>> 8) & 0xff00) | (pairs & 0xff)
  }
  setFingerprint(digest, high, low)
}
