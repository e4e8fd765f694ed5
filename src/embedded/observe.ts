/** An HTTP service on Web standards: what a runtime serves and a test can call with no socket. */
export type Handler = (request: Request) => Promise<Response>

/** A request as it arrived. `path` carries the query; header names are in lower case. */
export type SeenRequest = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * A fault, or a look: called before every answer. What it returns is sent; `undefined` lets the
 * honest answer through; `next` gets that answer, to be delayed, cut or altered. Who reads the
 * request's body reads a `clone()` of it.
 */
export type Intercept = (
  request: Request,
  next: () => Promise<Response>,
) => Response | undefined | Promise<Response | undefined>

/** A handler that remembers its newest 10,000 requests, oldest first, and can be made to fail. */
export type Observed = {
  readonly fetch: Handler
  readonly requests: SeenRequest[]
  intercept: Intercept | undefined
}

// The demonstration may run for days.
const keptRequests = 10_000

/** Puts a request log and a fault hook before a handler. Both may be changed at any time. */
export function observe(handler: Handler, intercept?: Intercept): Observed {
  const observed: Observed = {
    requests: [],
    intercept,
    fetch: async (request) => {
      observed.requests.push(seen(request))
      if (observed.requests.length > keptRequests) observed.requests.shift()

      const answer = await observed.intercept?.(request, () => handler(request))
      return answer ?? handler(request)
    },
  }
  return observed
}

function seen(request: Request): SeenRequest {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
  }
}
