import type { ClientAddressSource } from '../config.ts'
import { bareAddress } from '../core/address.ts'

/**
 * Reads a client's address from a request; `socket` is the peer's address as the runtime sees it.
 */
export type ClientAddressReader = (
  headers: { get: (name: string) => string | null },
  socket: string | undefined,
) => string | undefined

/**
 * Makes the reader for the one configured source. There is no "first header found": whoever can set
 * a header could be anywhere. What is not there or does not parse is undefined, and its sender
 * still gets an image.
 */
export function createClientAddressReader(source: ClientAddressSource): ClientAddressReader {
  if (source.kind === 'socket') {
    return (_headers, socket) => (socket === undefined ? undefined : bareAddress(socket))
  }
  const { header, fromRight } = source
  return (headers) => {
    const value = headers.get(header)
    return value === null ? undefined : valueFromRight(value, fromRight)
  }
}

/**
 * Proxies append on the right, so only values counted from there are theirs and not the client's.
 */
function valueFromRight(list: string, fromRight: number): string | undefined {
  let end = list.length
  for (let n = 1; n < fromRight; n++) {
    end = list.lastIndexOf(',', end - 1)
    if (end <= 0) return undefined
  }
  return bareAddress(list.slice(list.lastIndexOf(',', end - 1) + 1, end).trim())
}
