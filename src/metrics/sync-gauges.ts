import type { Registry } from '@prometheus-io/client'
import { Gauge } from '@prometheus-io/client'

const gauges = {
  start: ['start_timestamp_seconds', 'When the run began.'],
  end: ['end_timestamp_seconds', 'When the run ended.'],
  lastSuccess: ['last_success_timestamp_seconds', 'When a run last ended without a problem.'],
  success: ['success', '1 where the run ended without a problem, else 0.'],
  duration: ['duration_seconds', 'How long the run took.'],
  repositories: ['repositories', 'Repositories that are to be walked.'],
  wantedBlobs: ['wanted_blobs', 'Blobs that the wanted images need, each once.'],
  wantedBytes: ['wanted_bytes', 'Bytes that the wanted images need, each blob once.'],
  plannedWrites: ['planned_writes', 'Objects that the mirrors lacked when the run was planned.'],
  plannedWrittenBytes: ['planned_written_bytes', 'Bytes that the mirrors lacked.'],
  plannedUpstreamBytes: ['planned_upstream_bytes', 'Bytes to be read from upstreams, as planned.'],
  ledgerManifests: ['ledger_manifests', 'Manifests in the ledger.'],
  ledgerBytes: ['ledger_bytes', 'Bytes of the ledger as it is stored.'],
  mirrorBlobs: ['mirror_blobs', 'Blobs that a mirror lists.'],
  mirrorBytes: ['mirror_bytes', 'Bytes of blobs that a mirror lists.'],
  mirrorState: ['mirror_state', '1 for what became of a mirror in this run.'],
  withheldBlobs: ['withheld_blobs', 'Blobs that a mirror has and the index keeps to itself.'],
  indexGeneration: ['index_generation', 'The generation that clients are answered from.'],
  indexBlobs: ['index_blobs', 'Blobs in the published index.'],
  indexBytes: ['index_bytes', 'Bytes of the published index.'],
} as const

type Labels = { readonly mirror?: string; readonly state?: string }

/** Sets a gauge of a run. It is not there before: a zero would look like a number. */
export type SetGauge = (value: number, labels?: Labels) => void

/** The gauges of a run, by name. `job` is what their names begin with in the metrics. */
export function createGauges(
  registry: Registry,
  job: string,
): Readonly<Record<keyof typeof gauges, SetGauge>> {
  const create = ([name, help]: readonly [string, string]): SetGauge => {
    let gauge: Gauge<'mirror' | 'state'> | undefined
    return (value, labels = {}) => {
      gauge ??= new Gauge({
        name: `${job}_${name}`,
        help,
        labelNames: Object.keys(labels) as (keyof Labels)[],
        registers: [registry],
      })
      gauge.set(labels, value)
    }
  }
  return Object.fromEntries(
    Object.entries(gauges).map(([key, each]) => [key, create(each)]),
  ) as Record<keyof typeof gauges, SetGauge>
}
