import { runAudit } from '../sync/audit.ts'
import { auditJson, auditReport } from './audit-report.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadPaying } from './paying.ts'
import { metricsFlags, metricsHelp, metricsSettings } from './sync-metrics-flags.ts'
import { wantedConfig } from './wanted-config.ts'
import { watchRun } from './watched-run.ts'

const help = `nearport audit [--config FILE] [--deep sample|all] [--repair] [--json]

Compares what each mirror lists with what it should hold and with the index that clients are answered from.
It changes nothing unless it is told to repair.

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --deep sample      proves the contents of 100 blobs of each mirror: by the checksum that the store keeps, or by reading
  --deep all         proves the contents of every blob
  --repair           brings what is missing or wrong, deletes wrong bytes that nobody wants, and publishes anew
  --json             the summary as JSON on standard output
${metricsHelp}

Exit code: 0 every mirror is sound, 1 a defect is there (with --repair: still there) or something failed, 2 used wrongly.
`

/** The flags of `nearport audit`. */
export const auditFlags = {
  config: 'string',
  deep: 'string',
  repair: 'boolean',
  json: 'boolean',
  ...metricsFlags,
} as const

/** `nearport audit`: see its help. */
export const audit: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, auditFlags)
    if (rest.length > 0) throw new UsageError(`audit takes no argument, and got ${rest.join(' ')}`)
    const { deep, repair } = flags
    if (deep !== undefined && deep !== 'sample' && deep !== 'all') {
      throw new UsageError(`--deep wants sample or all, and got ${deep}`)
    }
    const settings = metricsSettings(flags)
    const config = await wantedConfig('audit', flags.config, terminal)
    const summary = await watchRun(
      terminal,
      { job: 'nearport_audit', settings },
      async (deps, say) => {
        const pays = await loadPaying(config, say)
        return runAudit(config, deps, { deep, repair, pays })
      },
      ({ problems, mirrors }) => ({
        dryRun: repair !== true,
        problems,
        upstreamBytes: 0,
        mirrors,
        findings: mirrors.flatMap(({ id: mirror, counts }) =>
          Object.entries(counts).map(([kind, count]) => ({ mirror, kind, count })),
        ),
      }),
    )
    terminal.out(flags.json === true ? auditJson(summary) : auditReport(summary))
    return summary.defects === 0 && summary.problems.length === 0 ? 0 : 1
  },
}
