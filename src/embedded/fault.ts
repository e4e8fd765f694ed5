/**
 * The same answer, whose body ends after `byteCount` bytes although its Content-Length promises all
 * of it: a transfer that broke. On a socket the connection closes there; with no socket the body is
 * just short.
 */
export function cutShort(response: Response, byteCount: number): Response {
  const headers = new Headers(response.headers)
  // Otherwise Node keeps the connection and the client waits for bytes that never come.
  headers.set('Connection', 'close')
  return altered(response, headers, (bytes) => bytes.subarray(0, byteCount))
}

/** The same answer with one bit of its body's last byte turned over: right length, wrong digest. */
export function corrupted(response: Response): Response {
  return altered(response, new Headers(response.headers), (bytes) => {
    const last = bytes.length - 1
    if (last >= 0) bytes[last] = (bytes[last] ?? 0) ^ 1
    return bytes
  })
}

function altered(
  response: Response,
  headers: Headers,
  change: (bytes: Uint8Array) => Uint8Array,
): Response {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(change(new Uint8Array(await response.arrayBuffer())))
      controller.close()
    },
  })
  return new Response(body, { status: response.status, headers })
}
