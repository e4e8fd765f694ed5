import { isPrivateHost } from '../upstream/address.ts'

/** Where clients find us. */
export type OurAddress = {
  /** Scheme and host, without a slash at its end. */
  readonly url: string
  /** In `service`: the host that was asked, with its port. */
  readonly host: string
  /** Whether a password that is sent there stays between the client and us. */
  readonly isSafe: boolean
}

/** What a client asked us by. */
export type AskedBy = { readonly url: string; readonly headers: Headers }

/**
 * Where a client that asked us finds us again: under the Host that it asked by, and by HTTPS unless it
 * came in plain HTTP to a private host. Whoever ends TLS before us says so in `X-Forwarded-Proto`, or
 * the configuration does (`publicUrl`), which also counts for the host unless an upstream lists the
 * one that was asked by among its `names`. Undefined where the Host is none.
 */
export function findOurAddress(
  asked: AskedBy,
  publicUrl: string | undefined,
  names: readonly string[],
): OurAddress | undefined {
  const { protocol, host, hostname } = new URL(asked.url)
  // It goes into a header, and URLs take a quote in a host for nothing special.
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return undefined
  const isPrivate = isPrivateHost(hostname)
  if (publicUrl !== undefined) {
    const own = new URL(publicUrl)
    const isNamed = names.includes(host) || names.includes(hostname)
    const isSafe = own.protocol === 'https:' || isPrivateHost(isNamed ? hostname : own.hostname)
    // By a name of its own nobody is asked for a password in plain HTTP either.
    const scheme = isSafe ? own.protocol : 'https:'
    return { url: `${scheme}//${isNamed ? host : own.host}`, host, isSafe }
  }
  const isTls = protocol === 'https:' || saysHttps(asked.headers)
  const scheme = isTls || !isPrivate ? 'https' : 'http'
  return { url: `${scheme}://${host}`, host, isSafe: isTls || isPrivate }
}

/** Of several, the first is the client's. */
function saysHttps(headers: Headers): boolean {
  return /^\s*https\s*(?:,|$)/i.test(headers.get('x-forwarded-proto') ?? '')
}
