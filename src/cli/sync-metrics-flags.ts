import type { RunMetricsSettings } from '../runtime/run-metrics.ts'
import type { Flags } from './command.ts'
import { UsageError } from './command.ts'
import { parsePort } from './listen-settings.ts'

/** Flags of a command that ends, which say where its metrics go. */
export const metricsFlags = {
  'metrics-port': 'string',
  'metrics-host': 'string',
  'push-metrics': 'string',
  'metrics-file': 'string',
} as const

/** What a command's help says of them. */
export const metricsHelp = `\
  --metrics-port N   serves /metrics while it runs, on 127.0.0.1 or what --metrics-host says
  --push-metrics URL gives a Pushgateway its metrics, every 15 s and at the end
  --metrics-file FILE
                     writes its metrics at the end, for node_exporter's textfile collector: wants a name in .prom`

/** Reads the flags. Throws UsageError. */
export function metricsSettings(flags: Flags<typeof metricsFlags>): RunMetricsSettings {
  const port = flags['metrics-port']
  const host = flags['metrics-host']
  const file = flags['metrics-file']
  if (host !== undefined && port === undefined) {
    throw new UsageError('--metrics-host says where --metrics-port listens, and there is none')
  }
  if (file !== undefined && !file.endsWith('.prom')) {
    throw new UsageError(`--metrics-file wants a name in .prom, and got ${file}: no other is read`)
  }
  return {
    port: port === undefined ? undefined : parsePort('--metrics-port', port),
    host: host ?? '127.0.0.1',
    pushUrl: pushUrl(flags['push-metrics']),
    file,
  }
}

function pushUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  // It may hold a password, and is not repeated.
  throw new UsageError('--push-metrics wants the http or https address of a Pushgateway')
}
