import type { Registry } from '@prometheus-io/client'
import { Counter } from '@prometheus-io/client'

/** The counters of a run. `job` is what their names begin with in the metrics. */
export function createCounters(registry: Registry, job: string) {
  const counter = <const L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
  ) => new Counter({ name: `${job}_${name}`, help, labelNames, registers: [registry] })

  return {
    repositories: counter('walked_repositories_total', 'Repositories walked.'),
    manifests: counter(
      'manifests_total',
      'Manifests seen, by where they came from: fetched from the upstream, or known to the ledger.',
      ['source'],
    ),
    writtenBlobs: counter(
      'written_blobs_total',
      'Blobs written to mirrors, by how they came there and where their bytes were read.',
      ['mirror', 'how', 'source'],
    ),
    writtenBytes: counter(
      'written_bytes_total',
      'Bytes of blobs written to mirrors, by how they came there and where they were read.',
      ['mirror', 'how', 'source'],
    ),
    prunedBlobs: counter(
      'pruned_blobs_total',
      'Blobs that nobody wants, left out of the index (condemned) or deleted from a mirror.',
      ['mirror', 'how'],
    ),
    prunedBytes: counter(
      'pruned_bytes_total',
      'Bytes of blobs that nobody wants, left out of the index (condemned) or deleted.',
      ['mirror', 'how'],
    ),
    clearedUploads: counter(
      'cleared_uploads_total',
      'Uploads in parts that a killed run had left, and that were taken away.',
      ['mirror'],
    ),
    readBytes: counter('upstream_read_bytes_total', 'Bytes of blobs read from upstreams.'),
    requests: counter('upstream_requests_total', 'Requests to upstreams, known at the end.', [
      'host',
    ]),
    retries: counter('retries_total', 'Times that a blob was tried again, or another way.', [
      'mirror',
    ]),
    problems: counter('problems_total', 'Problems: things that did not go as they should.'),
    waits: counter(
      'waiting_seconds_total',
      'Time for which nothing was to be asked of a host: its limits, or what it wished.',
      ['host'],
    ),
  }
}
