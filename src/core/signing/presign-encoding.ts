/**
 * A value in a query as Signature Version 4 has it: all but letters, digits and `-._~` (RFC 3986,
 * unreserved) is percent-encoded.
 */
export function encodeValue(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A path, whose slashes stay: `/sha256:…` is signed, and sent, as `/sha256%3A…`. */
export function encodePath(path: string): string {
  return encodeValue(path).replaceAll('%2F', '/')
}
