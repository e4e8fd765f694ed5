import type { Config } from '../config.ts'
import { bareAddress } from '../core/address.ts'
import type { Explanation } from '../core/explain.ts'
import { createOptOut } from '../proxy/opt-out.ts'
import { loadBundledTable } from '../ranges/bundled.ts'
import { explainAddress, explanationLines, outcomeOf } from '../runtime/explain.ts'
import { createPolicy, createPolicyFor } from '../runtime/policy.ts'
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
    terminal.out(
      flags.json
        ? `${JSON.stringify({ address, steps, ...outcomeOf(explanation) })}\n`
        : `${explanationLines(address, explanation).join('\n')}\n`,
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
  const { presence, keeper } = createPresence(config, Date.now)
  const refreshed = await keeper?.refresh()
  const { locate } = loadBundledTable()
  const policyFor = createPolicyFor(createPolicy(config), createOptOut(config.optOut))
  const deps = { policyFor, presence, locate }
  const explanation = await explainAddress(method, path, address, deps)
  return { ...explanation, problems: refreshed?.problems ?? [] }
}
