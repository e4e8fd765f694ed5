import { reportJson } from '../metrics/report-json.ts'
import type { ReportJson } from '../metrics/report-json.ts'
import { makeReport } from '../metrics/report.ts'
import type { Command } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { readEvents } from './report-events.ts'
import { reportText } from './report-text.ts'
import { listenSettings } from './listen-settings.ts'
import { loadConfig } from './load-config.ts'

const help = `nearport report [--config FILE] [--url URL] [--json] [EVENTS…]

Says what stayed home and what did not, in bytes and dollars, and what would keep more of it: every cause, ranked by
what it would save a month, with the configuration line or the command that ends it.

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --url URL          the admin port of a running nearport; default: by the configuration, else http://127.0.0.1:9090
  --json             the report as JSON on standard output
  EVENTS…            instead of a running nearport: files of its events (JSON lines, plain or gzip)

Exit code: 0 there is a report, 1 it could not be had, 2 used wrongly.
`

/** How long a running nearport may take to answer, in milliseconds. */
const answerWithinMs = 10_000

/** `nearport report`: see its help. */
export const report: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, { config: 'string', url: 'string', json: 'boolean' })
    if (flags.url !== undefined && rest.length > 0) {
      throw new UsageError('report wants --url or files of events, and got both')
    }
    const config = await loadConfig(flags.config, terminal.env)
    let made: ReportJson
    if (rest.length > 0) {
      if (config === undefined) {
        throw new UsageError('report of events wants a configuration: --config FILE')
      }
      const { deps, doubts } = await readEvents(rest, config)
      for (const doubt of doubts) terminal.err(`${doubt}\n`)
      made = reportJson(makeReport(deps))
    } else {
      const { adminHost, adminPort } = listenSettings({}, terminal.env, {
        ...listening,
        ...config,
      })
      made = await askReport(flags.url ?? `http://${urlHost(adminHost)}:${adminPort}`)
    }
    terminal.out(flags.json === true ? `${JSON.stringify(made)}\n` : reportText(made))
    return 0
  },
}

const listening = { host: undefined, port: 8080, adminHost: '127.0.0.1', adminPort: 9090 }

/** What listens on every address is asked on loopback. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

async function askReport(base: string): Promise<ReportJson> {
  const url = `${base.replace(/\/+$/, '')}/report.json`
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs) })
    if (!answer.ok) throw new Error(`it answered ${answer.status}`)
    return (await answer.json()) as ReportJson
  } catch (error) {
    const { message, cause } = error as Error
    const why = cause instanceof Error ? cause.message : message
    throw new Error(`wanted a report from ${url}: ${why}`, { cause: error })
  }
}
