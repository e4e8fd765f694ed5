import { request } from 'node:http'

/** Header fields of a request; a list goes out as so many lines of the same name. */
export type AskHeaders = Readonly<Record<string, string | readonly string[]>>

/** One answer on the way to a client's end. */
export type Hop = { readonly url: string; readonly status: number; readonly headers: Headers }

/** What a client ends up with: the last host's answer, and the redirects before it. */
export type Answer = Hop & { readonly body: Buffer; readonly hops: readonly Hop[] }

/**
 * Asks a registry as its clients do. `path` goes out as it stands. Rejects when nothing answers, or
 * redirects do not end.
 */
export type Ask = (method: string, path: string, headers?: AskHeaders) => Promise<Answer>

const mostHops = 10
const patienceMs = 20_000
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Makes a client of the registry at `baseUrl`, which sends `always` with every request. It follows
 * redirects by the coming text of the distribution spec: wherever they lead, but never with
 * Authorization to another host.
 */
export function createAsk(baseUrl: string, always: AskHeaders = {}): Ask {
  return async (method, path, headers = {}) => {
    const hops: Hop[] = []
    let url = baseUrl + path
    let sent: AskHeaders = { ...always, ...headers }
    for (;;) {
      const { body, ...hop } = await send(method, url, sent)
      const location = redirects.has(hop.status) ? hop.headers.get('location') : null
      if (location === null) return { ...hop, body, hops }
      if (hops.length === mostHops) {
        throw new Error(`wanted an end of ${method} ${path} within ${mostHops} redirects, got none`)
      }
      hops.push(hop)
      const next = new URL(location, url)
      const isElsewhere = next.host !== new URL(url).host
      sent = without(sent, isElsewhere ? ['host', 'authorization'] : ['host'])
      url = next.href
    }
  }
}

// Not fetch: that one merges header lines, adds its own Accept, and tidies paths up.
function send(method: string, url: string, headers: AskHeaders): Promise<Hop & { body: Buffer }> {
  const { hostname, port } = new URL(url)
  const path = url.slice(url.indexOf('/', 'http://'.length))
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { method, hostname, port, path, headers: asOutgoing(headers), agent: false },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({
            url,
            status: incoming.statusCode ?? 0,
            headers: headersOf(incoming.rawHeaders),
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    outgoing.setTimeout(patienceMs, () => {
      outgoing.destroy(new Error(`wanted an answer to ${method} ${url} in ${patienceMs} ms`))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers()
  for (let at = 0; at < raw.length; at += 2) headers.append(raw[at]!, raw[at + 1]!)
  return headers
}

function asOutgoing(headers: AskHeaders): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  )
}

function without(headers: AskHeaders, names: readonly string[]): AskHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())),
  )
}
