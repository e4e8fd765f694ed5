import { manifestMediaTypes } from './manifest.ts'

/**
 * Which manifests an Accept header takes, as bits: one for each media type that is known, one for
 * any type at all. Headers that take the same are the same number, however they are written.
 */
export type Accepted = number & { readonly _accepted: never }

/** Bit of a header that takes anything; of the types, each has that of its place. */
const anything = 1 << manifestMediaTypes.length
/** Bit of no header: registries give whoever sends none another manifest than who takes anything. */
const unsaid = anything << 1

/** Bits of OCI's and Docker's images and indexes: all clients of today take them. */
const usual = manifestMediaTypes
  .slice(0, 4)
  .reduce((bits, type) => bits | (1 << manifestMediaTypes.indexOf(type)), 0)

/** Reads an Accept header, of however many lines. What it says of preference does not count. */
export function readAccept(header: string | null): Accepted {
  if (header === null) return (anything | unsaid) as Accepted
  let bits = 0
  for (const item of header.split(',')) {
    const [type = '', ...parameters] = item.split(';')
    // RFC 9110 §12.4.2: with a weight of 0 it is not acceptable.
    if (parameters.some((each) => /^\s*q\s*=\s*0(?:\.0{0,3})?\s*$/i.test(each))) continue
    bits |= bitOf(type.trim().toLowerCase())
  }
  return bits as Accepted
}

/** Whether a manifest of a type, with or without parameters, is one that is taken. */
export function accepts(accepted: Accepted, mediaType: string): boolean {
  return (accepted & (anything | bitOf(bareType(mediaType)))) !== 0
}

/**
 * What a registry chooses by, of several manifests under one tag. Clients that take the four kinds that
 * there are, image and index of OCI's and of Docker's form, are given the same by it, whatever they take
 * beside; of any other what it takes counts to the bit.
 */
export function choiceOf(accepted: Accepted): number {
  return (accepted & usual) === usual ? usual : accepted
}

/** Whether a media type is known to be a manifest's. */
export function isManifestType(mediaType: string): boolean {
  return (manifestMediaTypes as readonly string[]).includes(bareType(mediaType))
}

/** A media type without its parameters, in lower case. */
function bareType(mediaType: string): string {
  return mediaType.split(';', 1)[0]!.trim().toLowerCase()
}

function bitOf(type: string): number {
  if (type === '*/*' || type === 'application/*') return anything
  const at = (manifestMediaTypes as readonly string[]).indexOf(type)
  return at === -1 ? 0 : 1 << at
}
