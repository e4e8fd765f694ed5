import type { MirrorSummary, SyncSummary } from '../sync/summary.ts'
import { bytesText } from './bytes-text.ts'
import { printable } from './printable.ts'

/**
 * What a run did, for people: every number of the JSON summary that one would ask for, and every
 * problem.
 */
export function syncReport(summary: SyncSummary): string {
  const { plan, mirrors, problems } = summary
  const lines = [
    [
      counted(summary.repositories, 'repository', 'repositories'),
      counted(summary.manifests, 'manifest'),
      `${counted(plan.wantedBlobs, 'blob')} (${bytesText(plan.wantedBytes)})`,
    ].join(', '),
    ...(summary.dryRun ? plannedLines(summary) : doneLines(summary)),
    ...mirrors.map(mirrorLine),
    ...(problems.length === 0 ? [] : [`${counted(problems.length, 'problem')}:`]),
    ...problems.map(({ subject, message }) => `  ${printable(`${subject}: ${message}`)}`),
  ]
  return `${lines.join('\n')}\n`
}

function plannedLines({ plan }: SyncSummary): readonly string[] {
  return [
    `would read ${counted(plan.upstreamReads, 'blob')} (${bytesText(plan.upstreamBytes)}) from upstreams`,
    `would write ${counted(plan.writes, 'object')} (${bytesText(plan.writtenBytes)}) to mirrors`,
  ]
}

function doneLines({ uploaded, copied, upstreamBytes, ...rest }: SyncSummary): readonly string[] {
  const { publication, generation, durationMs } = rest
  const published =
    publication === 'none' ? 'nothing published' : `generation ${generation} (${publication})`
  return [
    `uploaded ${uploaded.blobs} (${bytesText(uploaded.bytes)}), copied ${copied.blobs} (${bytesText(copied.bytes)}), read ${bytesText(upstreamBytes)} from upstreams`,
    `${published}, ${(durationMs / 1000).toFixed(1)} s`,
  ]
}

function mirrorLine({ id, state, blobs, bytes, uploaded, copied }: MirrorSummary): string {
  const came = uploaded.blobs + copied.blobs
  const arrived = came === 0 ? '' : `, ${came} new`
  return `  ${id}: ${state}, ${counted(blobs, 'blob')} (${bytesText(bytes)})${arrived}`
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
