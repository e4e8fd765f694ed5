import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Stoppable } from './process.ts'
import { answers, startProcess } from './process.ts'

/** A rule as Prometheus tells of it: an alert has a state, and what went wrong is in lastError. */
export type LoadedRule = {
  readonly name: string
  readonly health: string
  readonly lastError?: string
  readonly state?: string
}

/** A sample that a query gave. */
export type Sample = {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A Prometheus that asks and reckons once a second. */
export type Prometheus = Stoppable & {
  /** Throws with Prometheus's own words where it does not understand the expression. */
  readonly query: (expression: string) => Promise<readonly Sample[]>
  readonly rules: () => Promise<readonly LoadedRule[]>
}

type Answer<T> = { readonly status: string; readonly error?: string; readonly data: T }
type QueryData = {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly value: readonly [seconds: number, text: string]
  }[]
}
type RulesData = { readonly groups: readonly { readonly rules: readonly LoadedRule[] }[] }

/** Starts Prometheus on a port of loopback. `targets` are host and port, by job. */
export async function startPrometheus(spec: {
  readonly port: number
  readonly directory: string
  readonly ruleFiles: readonly string[]
  readonly targets: Readonly<Record<string, string>>
}): Promise<Prometheus> {
  const { port, directory, ruleFiles, targets } = spec
  await mkdir(directory, { recursive: true })
  const configFile = join(directory, 'prometheus.yml')
  // JSON is YAML.
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(targets).map(([job, target]) => ({
      job_name: job,
      static_configs: [{ targets: [target] }],
    })),
  }
  await writeFile(configFile, JSON.stringify(config))
  const url = `http://127.0.0.1:${port}`
  const { stop } = await startProcess({
    name: 'prometheus',
    command: [
      'prometheus',
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logs: directory,
    ready: async () => (await fetch(`${url}/-/ready`)).ok && answers(`${url}/api/v1/rules`),
  })

  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as Answer<T>
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`)
    return answer.data
  }
  return {
    stop,
    async query(expression) {
      const { result } = await ask<QueryData>(`query?query=${encodeURIComponent(expression)}`)
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    async rules() {
      return (await ask<RulesData>('rules')).groups.flatMap((group) => group.rules)
    },
  }
}
