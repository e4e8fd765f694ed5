import { runPrune } from '../sync/prune.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadPaying } from './paying.ts'
import { pruneReport } from './prune-report.ts'
import { metricsFlags, metricsHelp, metricsSettings } from './sync-metrics-flags.ts'
import { wantedConfig } from './wanted-config.ts'
import { watchRun } from './watched-run.ts'

const help = `nearport prune [--config FILE] [--dry-run] [--force] [--json]

Deletes from the mirrors what no wanted image needs any more, in two steps: out of the index first, and out of the
bucket when prune.graceSeconds are over. Nothing is done unless everything could be walked and every mirror asked.

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --dry-run          says what would be done and why, and writes nothing
  --force            also where it is more than prune.largestShare of a mirror
  --json             the summary as JSON on standard output
${metricsHelp}

Exit code: 0 done, or nothing to do; 1 something failed or was held back; 2 used wrongly.
`

/** The flags of `nearport prune`. */
export const pruneFlags = {
  config: 'string',
  'dry-run': 'boolean',
  force: 'boolean',
  json: 'boolean',
  ...metricsFlags,
} as const

/** `nearport prune`: see its help. */
export const prune: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, pruneFlags)
    if (rest.length > 0) throw new UsageError(`prune takes no argument, and got ${rest.join(' ')}`)
    const settings = metricsSettings(flags)
    const config = await wantedConfig('prune', flags.config, terminal)
    const summary = await watchRun(
      terminal,
      { job: 'nearport_prune', settings },
      async (deps, say) => {
        const pays = await loadPaying(config, say)
        return runPrune(config, deps, { dryRun: flags['dry-run'], force: flags.force, pays })
      },
      ({ dryRun, problems, mirrors }) => ({ dryRun, problems, upstreamBytes: 0, mirrors }),
    )
    terminal.out(flags.json === true ? `${JSON.stringify(summary)}\n` : pruneReport(summary))
    return summary.problems.length === 0 ? 0 : 1
  },
}
