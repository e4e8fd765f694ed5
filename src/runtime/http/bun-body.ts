/** Manifests are this long at most (the distribution spec has registries take them up to here). */
const longestGatheredBytes = 4 * 1024 * 1024

/**
 * The same answer with its Content-Length on the wire. Bun sends what it is given as a stream in chunks
 * and leaves the length out (oven-sh/bun#10507), so what is short enough is gathered first; a longer
 * body goes out in chunks. Not for HEAD, where Bun sends the length that it is told.
 */
export async function withLength(response: Response): Promise<Response> {
  const length = response.headers.get('content-length')
  if (length === null || Number(length) > longestGatheredBytes) return response
  const { body, status, headers } = response
  if (body === null) return response
  const gathered: Uint8Array<ArrayBuffer>[] = []
  try {
    for await (const chunk of body) gathered.push(chunk)
  } catch (error) {
    return new Response(brokenBody(gathered, error), { status, headers })
  }
  return new Response(new Blob(gathered), { status, headers })
}

/** What came before a body broke off, and then the same break: nobody is to take it for whole. */
function brokenBody(gathered: readonly Uint8Array[], error: unknown): ReadableStream<Uint8Array> {
  const chunks = gathered.values()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = chunks.next()
      if (done !== true) return controller.enqueue(value)
      // What came has to be sent first: Bun would else end the connection with nothing said at all.
      await new Promise((resolve) => setImmediate(resolve))
      controller.error(error)
    },
  })
}
