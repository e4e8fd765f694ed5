import type { BlobRequest } from '../../core/request.ts'
import { answerSize, responseOf } from '../answer.ts'
import { askUpstream } from './ask-upstream.ts'
import type { Relayed, RelayContext } from './context.ts'
import { relayFailure } from './failure.ts'
import { sendOn, staysInApi } from './redirect.ts'
import type { AddressRules } from '../upstream/address.ts'
import { addressProblem } from '../upstream/address.ts'
import type { FetchedAnswer } from '../upstream/fetch.ts'
import { discard, fetchUpstream, lengthOf, redirectTarget } from '../upstream/fetch.ts'

/**
 * Answers a blob's HEAD with its length and digest, whatever the upstream thinks of HEAD: from its
 * HEAD, or where that leads; else from a GET of one byte, which is thrown away.
 */
export async function relayBlobSize(context: RelayContext<BlobRequest>): Promise<Relayed> {
  const head = await ask('HEAD', context)
  if (head.kind === 'refused') return relayFailure(context, head)
  const target = redirectTarget(head.response, head.url)
  // Where we may not look the client may: it gets the HEAD's own redirect.
  if (target !== undefined && addressProblem(target, rulesOf(context)) !== undefined) {
    return sendOn(target, head.response, context)
  }
  const bytes = await sizeOf('HEAD', head, context)
  if (bytes !== undefined)
    return { response: responseOf(answerSize(bytes, context.request, context.reason)) }
  const { status } = head.response
  if (status >= 400 && !refusesHead.has(status)) return relayFailure(context, head)

  const part = await ask('GET', context)
  if (part.kind === 'refused') return relayFailure(context, part)
  const total = await sizeOf('GET', part, context)
  if (total !== undefined)
    return { response: responseOf(answerSize(total, context.request, context.reason)) }
  return relayFailure(context, part)
}

/** What registries say to a HEAD that they do not serve: ECR Public 401, whatever the token. */
const refusesHead: ReadonlySet<number> = new Set([400, 401, 403, 405, 501])

const oneByte = { range: 'bytes=0-0' } as const

async function ask(method: 'GET' | 'HEAD', context: RelayContext<BlobRequest>) {
  const { request } = context
  const asked = {
    method,
    rest: `blobs/${request.digest}${request.query}`,
    headers: method === 'GET' ? oneByte : {},
    follows: staysInApi,
    // Renewing would help nothing where a HEAD is refused as a HEAD; the GET tells.
    renews: method === 'GET',
  } as const
  return askUpstream(asked, context)
}

/** The size that an answer tells, or what it redirects to, which is asked without our token. */
async function sizeOf(
  method: 'GET' | 'HEAD',
  { response, url }: FetchedAnswer,
  context: RelayContext<BlobRequest>,
): Promise<number | undefined> {
  const target = redirectTarget(response, url)
  discard(response)
  if (target === undefined) return sizeSaid(response)
  const rules = rulesOf(context)
  const problem = addressProblem(target, rules)
  if (problem !== undefined) throw new Error(`a redirect leads away: ${problem}`)
  const asked = {
    method,
    url: target.href,
    headers: method === 'GET' ? oneByte : {},
    authorization: undefined,
    signal: context.signal,
    follows: () => true,
  } as const
  const led = await fetchUpstream(asked, rules, context.deps.fetch)
  const bytes = sizeSaid(led.response)
  discard(led.response)
  return bytes
}

function rulesOf({ upstream, deps }: RelayContext<BlobRequest>): AddressRules {
  return { registry: upstream.registry, realms: deps.realms }
}

function sizeSaid(answer: Response): number | undefined {
  if (answer.status === 200) return lengthOf(answer)
  // Of nothing there is no first byte, and 416 says that there is nothing.
  if (answer.status !== 206 && answer.status !== 416) return undefined
  const total = /\/(\d{1,15})$/.exec(answer.headers.get('content-range') ?? '')?.[1]
  return total === undefined ? undefined : Number(total)
}
