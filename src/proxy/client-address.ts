import type { ClientAddressSource } from '../config.ts'
import { bareAddress } from '../core/address.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Reads a client's address from a request; `socket` is the peer's address as the runtime sees it.
 */
export type ClientAddressReader = (
  head: Pick<RequestHead, 'header'>,
  socket: string | undefined,
) => string | undefined

/**
 * Makes the reader for the one configured source. There is no "first header found": whoever can set
 * a header could be anywhere. What is not there or does not parse is undefined, and its sender
 * still gets an image.
 */
export function createClientAddressReader(source: ClientAddressSource): ClientAddressReader {
  if (source.kind === 'socket') {
    return (_head, socket) => (socket === undefined ? undefined : bareAddress(socket))
  }
  const { fromRight } = source
  const header = source.header.toLowerCase()
  return (head) => {
    const value = head.header(header)
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
