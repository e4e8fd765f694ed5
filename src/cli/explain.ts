import type { Config } from '../config.ts'
import { bareAddress } from '../core/address.ts'
import type { Explanation } from '../core/explain.ts'
import { createOptOut } from '../proxy/opt-out.ts'
import { explainAddress, explanationLines, outcomeOf } from '../runtime/explain.ts'
import { createSigning } from '../runtime/mirrors/mirror-credentials.ts'
import { createNodePassThrough } from '../runtime/node-relay.ts'
import { createPolicies, createPolicy, createPolicyFor } from '../runtime/policy.ts'
import { createPresence } from '../runtime/presence.ts'
import { readRanges } from '../runtime/ranges.ts'
import type { Command, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'

const help = `nearport explain --ip ADDRESS [--host NAME] [--method GET|HEAD] [--config FILE] [--json] PATH

Prints what a client at ADDRESS would be answered for PATH, as in /v2/app/blobs/sha256:…, and every step to it.
NAME is the name that nearport is asked by, where that matters (upstreams[].hosts); PATH may have containerd's ?ns=.
It reads the index, or asks the mirrors, and asks upstreams with clientCredentials what anyone may read, from here and now.
`

/** `nearport explain`. */
export const explain: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, {
      ip: 'string',
      host: 'string',
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
    const asked = { method, path, address, host: flags.host }
    const explanation = await explainNow(config, terminal.env, asked)
    const { steps, problems } = explanation
    for (const problem of problems) terminal.err(`index: ${problem}\n`)
    terminal.out(
      flags.json
        ? `${JSON.stringify({ address, steps, ...outcomeOf(explanation) })}\n`
        : `${explanationLines(address, explanation).join('\n')}\n`,
    )
    return 0
  },
}

type Asked = {
  readonly method: string
  readonly path: string
  readonly address: string
  readonly host: string | undefined
}

async function explainNow(
  given: Config,
  env: Terminal['env'],
  { method, path, address, host }: Asked,
): Promise<Explanation & { readonly problems: readonly string[] }> {
  const signing = createSigning(given, { env, now: Date.now })
  const { config } = signing
  const stopSigning = await signing.start(() => {})
  const { presence, keeper } = createPresence(config, Date.now)
  const refreshed = await keeper?.refresh()
  const { locate } = await readRanges(config.ranges)
  const passThrough = createNodePassThrough(config)
  const policy = createPolicy(config, undefined, passThrough?.openness)
  const policies = createPolicies(policy)
  const policyFor = createPolicyFor(policies, createOptOut(config.optOut))
  const deps = { policyFor, presence, passThrough, locate, host }
  const explanation = await explainAddress(method, path, address, deps)
  stopSigning()
  return { ...explanation, problems: refreshed?.problems ?? [] }
}
