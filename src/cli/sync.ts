import { runSync } from '../sync/run.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadPaying } from './paying.ts'
import { metricsFlags, metricsHelp, metricsSettings } from './sync-metrics-flags.ts'
import { syncJson, syncReport } from './sync-report.ts'
import { parseShard } from './sync-shard.ts'
import { wantedConfig } from './wanted-config.ts'
import { watchRun } from './watched-run.ts'

const help = `nearport sync [--config FILE] [--dry-run] [--claim MIRROR-ID] [--shard I/N --run NAME] [--json]

Fills the mirrors with the blobs of the configured repositories, and publishes what the mirrors hold, so that clients
are sent there. What a mirror has is not sent again: a second run uploads nothing.

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --dry-run          says what would be done and what it would cost, and writes nothing
  --claim MIRROR-ID  takes over that mirror's bucket although there are objects in it
  --shard I/N        one of N that share the work, each some of the repositories; I is from 0 to N - 1
  --run NAME         what the N are called together, and no other run: the last of them to end publishes
  --json             the summary as JSON on standard output
${metricsHelp}

Progress goes to standard error: a few live lines on a terminal, else one JSON line a step.
Exit code: 0 all is right, 1 something failed or was refused (the rest is done and published), 2 used wrongly.
`

/** The flags of `nearport sync`. */
export const syncFlags = {
  config: 'string',
  claim: 'string',
  'dry-run': 'boolean',
  shard: 'string',
  run: 'string',
  json: 'boolean',
  ...metricsFlags,
} as const

/** `nearport sync`: see its help. */
export const sync: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, syncFlags)
    if (rest.length > 0) throw new UsageError(`sync takes no argument, and got ${rest.join(' ')}`)
    const shard = parseShard(flags.shard, flags.run)
    const settings = metricsSettings(flags)
    const config = await wantedConfig('sync', flags.config, terminal)
    const ids = config.mirrors.map(({ id }) => id)
    if (flags.claim !== undefined && !ids.includes(flags.claim)) {
      throw new UsageError(`--claim wants one of ${ids.join(', ')}, and got ${flags.claim}`)
    }

    const instance = shard && `shard-${shard.index}-of-${shard.of}`
    const summary = await watchRun(
      terminal,
      { job: 'nearport_sync', instance, settings },
      async (deps, say) => {
        const pays = await loadPaying(config, say)
        const options = { claim: flags.claim, dryRun: flags['dry-run'], shard, pays }
        return runSync(config, deps, { ...options, prices: config.prices })
      },
      (done) => done,
    )
    terminal.out(flags.json === true ? syncJson(summary) : syncReport(summary))
    return summary.problems.length === 0 ? 0 : 1
  },
}
