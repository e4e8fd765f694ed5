import { decide } from '../../src/core/decide.ts'
import type { Decision } from '../../src/core/decision.ts'
import { setFingerprint } from '../../src/core/digest.ts'
import { signedBlobUrl } from '../../src/core/mirror.ts'
import type { BlobRequest, ManifestRequest } from '../../src/core/request.ts'
import { parseRequest as parseAnywhere } from '../../src/core/request.ts'
import { upstreamUrl } from '../../src/core/upstream.ts'
import { parseRequest } from '../../src/proxy/parse-request.ts'
import type { DecisionWorld } from './parts/decision-world.ts'
import { createDecisionWorld } from './parts/decision-world.ts'
import { interleavedCpuNs } from './parts/interleaved.ts'
import { publishTable, spread } from './parts/table.ts'

export const name = 'decision'

const rounds = 15
const callsARound = 1 << 15

/** One thing that is timed, for the nth request of a round. What it gives back is looked at. */
type Stage = { readonly name: string; readonly step: (n: number) => unknown }

/**
 * Prints what it takes to come from the text of a request and of an address to the text of the answer's
 * Location, and what each part of that takes, beside what most would write first.
 */
export function run(): void {
  const world = createDecisionWorld()
  const stages = [...createWays(world), ...createParts(world)]
  const times = interleavedCpuNs(
    stages.map(({ step }) => ({ step, calls: callsARound })),
    rounds,
  )
  const plain = times[0]!
  const rows = stages.map((stage, at) => {
    const ratios = times[at]!.map((time, round) => time / plain[round]!)
    return [stage.name, spread(times[at]!, 0), spread(ratios, 2)]
  })
  publishTable(
    name,
    [['from text to text', 'ns of one core', '× a pattern and a Map'], ...rows],
    [`an index of 100,000 blobs in 12 mirrors; ${rounds} rounds of ${callsARound}`],
  )
}

/** From texts to a text. */
function createWays(world: DecisionWorld): readonly Stage[] {
  const { policy, presence, table, addresses } = world
  const { hit, any, miss, tag, wrong } = world.targets
  const way = (method: 'GET' | 'HEAD', targets: readonly string[], n: number) => {
    const request = parseRequest(method, nth(targets, n))
    const decision = decide(request, table.locate(nth(addresses, n)), policy, presence)
    return locationOf(decision, request as BlobRequest | ManifestRequest)
  }
  return [
    { name: 'a pattern and a Map, location given', step: createPlainWay(world) },
    { name: 'blob hit', step: (n) => way('GET', hit, n) },
    { name: 'blob hit, the Location put together', step: (n) => flat(way('GET', hit, n)) },
    { name: 'blob hit, of all blobs', step: (n) => way('GET', any, n) },
    { name: 'HEAD of known size', step: (n) => way('HEAD', hit, n) },
    { name: 'blob miss, to the upstream', step: (n) => way('GET', miss, n) },
    { name: 'manifest by tag, to the upstream', step: (n) => way('GET', tag, n) },
    { name: 'no name of a repository, refused', step: (n) => way('GET', wrong, n) },
  ]
}

/** What a blob hit is made of, each alone. */
function createParts(world: DecisionWorld): readonly Stage[] {
  const { policy, presence, table, addresses, targets } = world
  const requests = targets.hit.map((text) => parseRequest('GET', text) as BlobRequest)
  const digests = requests.map(({ mirrorable }) => mirrorable!)
  const high = digests.map((digest) => Number.parseInt(digest.slice(7, 15), 16))
  const low = digests.map((digest) => Number.parseInt(digest.slice(15, 23), 16))
  const clients = addresses.map((text) => table.locate(text))
  const { mirror } = policy.route(clients[0]).candidates[0]!
  const asRead = (n: number) => {
    const digest = nth(digests, n)
    // As it is where the request was just read.
    setFingerprint(digest, nth(high, n), nth(low, n))
    return digest
  }
  return [
    { name: '· read the request', step: (n) => parseRequest('GET', nth(targets.hit, n)) },
    { name: '· the same anywhere', step: (n) => parseAnywhere('GET', nth(targets.hit, n)) },
    { name: '· locate the client', step: (n) => table.locate(nth(addresses, n)) },
    { name: '· route', step: (n) => policy.route(nth(clients, n)) },
    { name: '· look up the blob', step: (n) => presence.holds(mirror, asRead(n)) },
    { name: '· make the Location', step: (n) => signedBlobUrl(mirror, 'GET', nth(digests, n)) },
  ]
}

function nth<T>(list: readonly T[], n: number): T {
  return list[n & (list.length - 1)]!
}

/** The text that the answer is about: of a refusal its message, of a known size the number. */
function locationOf(decision: Decision, request: BlobRequest | ManifestRequest): string | number {
  switch (decision.action) {
    case 'mirror':
      return signedBlobUrl(decision.mirror, request.method, (request as BlobRequest).mirrorable!)
    case 'upstream': {
      const rest =
        request.kind === 'blob' ? `blobs/${request.digest}` : `manifests/${request.reference}`
      return upstreamUrl(decision.upstream, request.repository, rest) + request.query
    }
    case 'size':
      return decision.sizeBytes
    case 'refuse':
      return decision.refusal.message
    default:
      throw new Error(`wanted an answer, got ${decision.action}`)
  }
}

/** V8 puts pieces together only when somebody reads them, as whoever writes the answer does. */
function flat(text: string | number): number {
  return typeof text === 'string' ? text.charCodeAt(text.length - 1) : text
}

/** As most would write it first; and it does less, for nobody's address is read. */
function createPlainWay({ targets, presence, policy }: DecisionWorld): Stage['step'] {
  const pattern = /^\/v2\/([a-z0-9._/-]+)\/blobs\/(sha256:[0-9a-f]{64})$/
  const held = new Map<string, string>()
  for (const text of targets.hit) {
    const { mirrorable } = parseRequest('GET', text) as BlobRequest
    const mirror = policy.mirrors.find((each) => presence.holds(each, mirrorable!) === 'present')
    held.set(mirrorable!, mirror!.publicUrl)
  }
  return (n) => {
    const match = pattern.exec(nth(targets.hit, n))!
    return `${held.get(match[2]!)!}/containers/images/${match[2]!}`
  }
}
