// What every line has is compared four bytes at a time: it halves the time that a line takes.

let viewed: Uint8Array | undefined
let view: DataView = new DataView(new ArrayBuffer(0))

/** The same bytes as words of any size. That of the last bytes is remembered. */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  return view
}

/** Four ASCII characters as the word that `getInt32` reads. */
export function wordOf(text: string): number {
  return viewOf(Buffer.from(text)).getInt32(0)
}
