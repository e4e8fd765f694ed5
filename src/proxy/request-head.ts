/**
 * What is read of a request before anyone else is asked: its line and its headers, from whatever the
 * runtime has of them. A Web Request is not made where none is needed: on Node, it, the Response and
 * the way between them stood with node:http for most of what an answer from memory took.
 */
export type RequestHead = {
  readonly method: string
  /** Path and query as they came, as in `/v2/app/blobs/sha256:…?x=y`. */
  readonly target: string
  /** The host that the client asked for, as it wrote it, with its port if it has one. */
  readonly host: string
  /** A header's value by its name in lower case, several joined by `, `; null: it is not there. */
  readonly header: (name: string) => string | null
}

/** The head of a Web request. */
export function headOf(request: Request): RequestHead {
  return new WebHead(request)
}

class WebHead implements RequestHead {
  readonly method: string
  readonly target: string
  readonly #request: Request

  constructor(request: Request) {
    this.method = request.method
    this.target = targetOf(request.url)
    this.#request = request
  }

  get host(): string {
    const { url } = this.#request
    const start = url.indexOf('://') + 3
    const end = url.indexOf('/', start)
    return end === -1 ? url.slice(start) : url.slice(start, end)
  }

  header(name: string): string | null {
    return this.#request.headers.get(name)
  }
}

/** Path and query as they stand in an absolute URL. */
function targetOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.indexOf('#', start)
  return end === -1 ? url.slice(start) : url.slice(start, end)
}
