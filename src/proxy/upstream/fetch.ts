import { failureText } from '../../core/failure-text.ts'
import type { AddressRules } from './address.ts'
import { addressProblem } from './address.ts'
import { within } from '../within.ts'

/**
 * How a request leaves, and for the sake of which registry: `fetch`, which pays no heed to that, or
 * one that keeps away from where a registry may not lead us.
 */
export type SendFor = (url: string, init: RequestInit, registry: string) => Promise<Response>

/** How a request leaves. */
export type Send = (url: string, init: RequestInit) => Promise<Response>

/** A request to an upstream. */
export type UpstreamFetch = {
  readonly method: 'GET' | 'HEAD'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** For the origin of `url` alone. */
  readonly authorization: string | undefined
  readonly signal: AbortSignal
  /** Which redirects are followed here; one that is not is the answer. */
  readonly follows: (target: URL, from: URL) => boolean
}

/** An answer, and the address that gave it in the end. */
export type FetchedAnswer = { readonly response: Response; readonly url: URL }

/** One hop may lead to another registry, as registry.k8s.io's does, and that to itself. */
const mostHops = 3

/**
 * Asks an upstream, whose Authorization no other origin sees, also not when a redirect leads back.
 * Redirects are followed three times at most, and not to where an upstream may not lead us. Throws
 * where there is no answer.
 */
export async function fetchUpstream(
  asked: UpstreamFetch,
  rules: AddressRules,
  sendFor: SendFor,
): Promise<FetchedAnswer> {
  const send: Send = (target, init) => sendFor(target, init, rules.registry)
  let url = new URL(asked.url)
  let { authorization } = asked
  for (let hops = 0; ; hops++) {
    const response = await sendTwice(send, url.href, {
      method: asked.method,
      redirect: 'manual',
      headers: {
        // No coding may change the length, or the digest.
        'accept-encoding': 'identity',
        'user-agent': 'nearport',
        ...asked.headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal: asked.signal,
    })
    const target = redirectTarget(response, url)
    if (target === undefined || !asked.follows(target, url)) return { response, url }
    discard(response)
    if (hops === mostHops) throw new Error(`wanted ${mostHops} redirects at most, got more`)
    const problem = addressProblem(target, rules)
    if (problem !== undefined) throw new Error(`a redirect leads away: ${problem}`)
    if (target.origin !== url.origin) authorization = undefined
    url = target
  }
}

/**
 * Sends a request, and where no answer comes sends it once more: a server may close a connection just
 * when it is to serve again, and there is nothing wrong with it then.
 */
export async function sendTwice(
  send: Send,
  url: string,
  init: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  try {
    return await send(url, init)
  } catch (error) {
    if (init.signal.aborted) throw error
    return send(url, init)
  }
}

/** Where an answer redirects to, relative or absolute; undefined: it does not. */
export function redirectTarget({ status, headers }: Response, from: URL): URL | undefined {
  const location = headers.get('location')
  if (!redirects.has(status) || location === null) return undefined
  const target = URL.parse(location, from.href)
  return target !== null && /^https?:$/.test(target.protocol) ? target : undefined
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** How many bytes an answer's body has, where that is said and holds for what comes. */
export function lengthOf({ headers }: Response): number | undefined {
  // What was decoded on its way here has another length than it says.
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') return undefined
  const length = headers.get('content-length')
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/** A body up to this is sooner read than its connection is made anew. */
const soonReadBytes = 16 * 1024
const soonReadMs = 1000

/**
 * Lets go of a body that nobody wants: a short one is read away, as its connection serves again then,
 * and every other is broken off. Nobody waits for it.
 */
export function discard(answer: Response): void {
  const { body } = answer
  if (body === null || body.locked) return
  const isLong = (lengthOf(answer) ?? 0) > soonReadBytes
  // One that fails is gone too.
  if (isLong) body.cancel().catch(() => {})
  else void readAway(body.getReader()).catch(() => {})
}

async function readAway(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let left = soonReadBytes
  while (left >= 0) {
    const chunk = await within(soonReadMs, reader.read(), () => undefined)
    if (chunk === undefined) break
    if (chunk.done) return
    left -= chunk.value.length
  }
  await reader.cancel()
}

/** What went wrong, in words: what fetch throws says nothing itself, and its cause does. */
export function messageOf(error: unknown): string {
  return failureText(error)
}
