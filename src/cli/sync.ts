import { runSync } from '../sync/run.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'
import { createSyncProgress } from './sync-progress.ts'
import { syncReport } from './sync-report.ts'

const help = `nearport sync [--config FILE] [--dry-run] [--claim MIRROR-ID] [--json]

Fills the mirrors with the blobs of the configured repositories, and publishes what the mirrors hold, so that clients
are sent there. What a mirror has is not sent again: a second run uploads nothing.

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --dry-run          says what would be done, and writes nothing
  --claim MIRROR-ID  takes over that mirror's bucket although there are objects in it
  --json             the summary as JSON on standard output

Progress goes to standard error: one line on a terminal, else one JSON line a step.
Exit code: 0 all is right, 1 something failed or was refused (the rest is done and published), 2 used wrongly.
`

/** `nearport sync`: see its help. */
export const sync: Command = {
  summary: 'fills the mirrors and publishes what they hold',
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, {
      config: 'string',
      claim: 'string',
      'dry-run': 'boolean',
      json: 'boolean',
    })
    if (rest.length > 0) throw new UsageError(`sync takes no argument, and got ${rest.join(' ')}`)
    const config = await loadConfig(flags.config, terminal.env)
    if (config === undefined) {
      throw new UsageError('sync wants a configuration: --config FILE, or ./nearport.json')
    }
    const ids = config.mirrors.map(({ id }) => id)
    if (ids.length === 0) {
      throw new UsageError('sync fills mirrors, and the configuration names none')
    }
    if (flags.claim !== undefined && !ids.includes(flags.claim)) {
      throw new UsageError(`--claim wants one of ${ids.join(', ')}, and got ${flags.claim}`)
    }

    const progress = createSyncProgress(terminal)
    const { record, end } = progress
    const { env, stop } = terminal
    const summary = await runSync(
      config,
      { now: Date.now, record, env, stop },
      { claim: flags.claim, dryRun: flags['dry-run'] },
    )
    end()
    terminal.out(flags.json === true ? `${JSON.stringify(summary)}\n` : syncReport(summary))
    return summary.problems.length === 0 ? 0 : 1
  },
}
