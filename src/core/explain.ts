import type { Decision, Policy, Presence } from './decision.ts'
import { decide } from './decision.ts'
import type { ClientLocation } from './location.ts'
import type { RegistryRequest } from './request.ts'
import { parseRequest } from './request.ts'
import { upstreamOf } from './upstream.ts'

/** What a decision was made of, a step a line, in the order of the policy. */
export type Explanation = {
  readonly kind: 'explained'
  readonly request: RegistryRequest
  readonly steps: readonly string[]
  readonly decision: Exclude<Decision, Ask>
}
/** Nothing to tell yet: it must first be learnt whether this mirror holds the blob. */
type Ask = Extract<Decision, { action: 'ask' }>

/** Decides as for a client at `client`, and tells every step. `target` is a raw path, as in `/v2/app/manifests/1.0`. */
export function explainRequest(
  method: string,
  target: string,
  client: ClientLocation | undefined,
  policy: Policy,
  presence: Presence | undefined,
): Explanation | ({ readonly kind: 'ask' } & Ask) {
  const request = parseRequest(method, target)
  const decision = decide(request, client, policy, presence)
  if (decision.action === 'ask') return { kind: 'ask', ...decision }
  const steps = tellSteps(request, client, policy, presence)
  return { kind: 'explained', request, steps, decision }
}

function tellSteps(
  request: RegistryRequest,
  client: ClientLocation | undefined,
  policy: Policy,
  presence: Presence | undefined,
): readonly string[] {
  const steps = [
    `client: ${client === undefined ? 'in no known region' : `${client.cloud}/${client.region}`}`,
    request.kind === 'refusal'
      ? `request: refused with ${request.status} ${request.code}: ${request.message}`
      : `request: ${request.kind}`,
  ]
  if (request.kind === 'refusal' || request.kind === 'version') return steps

  const upstream = upstreamOf(policy.upstreams, request.repository)
  const lives = upstream?.cloud === undefined ? '' : `, in ${upstream.cloud}`
  steps.push(
    `upstream of ${request.repository}: ${upstream === undefined ? 'none' : `${upstream.registry}${lives}`}`,
  )
  if (request.kind !== 'blob') return steps

  const { mirrorable } = request
  const route = policy.route(client)
  const sizeBytes = mirrorable && presence?.sizeBytes(mirrorable)
  steps.push(
    `blob: ${mirrorable === undefined ? 'not a SHA-256, so no mirror holds it' : `${sizeBytes ?? 'an unknown number of'} bytes`}`,
    route.configured ? 'route: as the configuration says for this region' : 'route: by the rules',
  )
  if (route.candidates.length === 0)
    steps.push(`mirrors that may serve this client: none (${route.otherwise})`)
  route.candidates.forEach(({ mirror, reason }, at) => {
    const holding =
      mirrorable && (presence === undefined ? 'no index' : presence.holds(mirror, mirrorable))
    steps.push(`candidate ${at + 1}: ${mirror.id} (${reason}): ${holding ?? 'absent'}`)
  })
  return steps
}
