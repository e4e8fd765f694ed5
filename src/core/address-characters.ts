export const colon = 16
export const dot = 17
export const stranger = 255

/**
 * What each ASCII character means in an address: a digit's value, `colon`, `dot`, or `stranger`.
 */
export const meanings = new Uint8Array(128).fill(stranger)
for (let value = 0; value < 16; value++) {
  meanings[value.toString(16).charCodeAt(0)] = value
  meanings[value.toString(16).toUpperCase().charCodeAt(0)] = value
}
meanings[':'.charCodeAt(0)] = colon
meanings['.'.charCodeAt(0)] = dot
