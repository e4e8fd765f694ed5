import type { Config } from '../config.ts'
import { bareAddress } from '../core/address.ts'
import type { Explanation } from '../core/explain.ts'
import { explainRequest } from '../core/explain.ts'
import type { Mirror } from '../core/mirror.ts'
import type { BlobRequest, ManifestRequest } from '../core/request.ts'
import { redirectToMirror, redirectToUpstream } from '../proxy/answer.ts'
import { knownAndLearnt } from '../proxy/ask.ts'
import type { LearntHolding } from '../proxy/presence.ts'
import { loadBundledTable } from '../ranges/bundled.ts'
import { createPolicy } from '../runtime/policy.ts'
import { createPresence } from '../runtime/presence.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'

const help = `nearport explain --ip ADDRESS [--method GET|HEAD] [--config FILE] [--json] PATH

Prints what a client at ADDRESS would be answered for PATH, as in /v2/app/blobs/sha256:…, and every step to it.
It reads the index, or asks the mirrors, from here and now, as the configuration says.
`

/** `nearport explain`. */
export const explain: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, {
      ip: 'string',
      method: 'string',
      config: 'string',
      json: 'boolean',
    })
    const [path] = rest
    if (path === undefined || rest.length > 1 || !path.startsWith('/')) {
      throw new UsageError(
        `explain wants one path that begins with /, and got ${rest.join(' ') || 'none'}`,
      )
    }
    const address = flags.ip === undefined ? undefined : bareAddress(flags.ip)
    if (address === undefined) {
      throw new UsageError(`--ip wants an IPv4 or IPv6 address, and got ${flags.ip ?? 'none'}`)
    }
    const config = await loadConfig(flags.config, terminal.env)
    if (config === undefined) {
      throw new UsageError('explain wants a configuration: --config FILE, or ./nearport.json')
    }

    const method = flags.method ?? 'GET'
    const explanation = await explainNow(config, method, path, address)
    const { steps, problems } = explanation
    for (const problem of problems) terminal.err(`index: ${problem}\n`)
    const answer = outcomeOf(explanation)
    terminal.out(
      flags.json
        ? `${JSON.stringify({ address, steps, ...answer })}\n`
        : [`address: ${address}`, ...steps, ...Object.entries(answer).map(([k, v]) => `${k}: ${v}`)]
            .map((line) => `${line}\n`)
            .join(''),
    )
    return 0
  },
}

async function explainNow(
  config: Config,
  method: string,
  path: string,
  address: string,
): Promise<Explanation & { readonly problems: readonly string[] }> {
  const policy = createPolicy(config)
  const { presence, keeper } = createPresence(config, Date.now)
  const refreshed = await keeper?.refresh()
  const client = loadBundledTable().locate(address)
  // What was learnt holds here, whatever the memory forgets meanwhile: no mirror is asked twice.
  const learnt = new Map<Mirror, LearntHolding>()
  for (;;) {
    const known = knownAndLearnt(presence.current(), learnt)
    const explanation = explainRequest(method, path, client, policy, known)
    if (explanation.kind === 'explained') {
      return { ...explanation, problems: refreshed?.problems ?? [] }
    }
    const { mirror, digest } = explanation
    learnt.set(mirror, await presence.ask(mirror, digest))
  }
}

/** What the decision comes to, as the client would see it. */
function outcomeOf({ request, decision }: Explanation): Readonly<Record<string, string | number>> {
  const { action } = decision
  switch (action) {
    case 'mirror':
      return {
        action,
        reason: decision.reason,
        mirror: decision.mirror.id,
        location: locationOf(redirectToMirror(decision, request as BlobRequest)),
      }
    case 'upstream':
      return {
        action,
        reason: decision.reason,
        location: locationOf(
          redirectToUpstream(decision, request as BlobRequest | ManifestRequest),
        ),
      }
    case 'relay':
      return { action, reason: decision.reason, upstream: decision.upstream.registry }
    case 'size':
      return { action, reason: decision.reason, sizeBytes: decision.sizeBytes }
    case 'refuse':
      return { action, reason: decision.reason, status: decision.refusal.status }
    case 'version':
      return { action, reason: decision.reason }
  }
}

function locationOf(response: Response): string {
  return response.headers.get('location')!
}
