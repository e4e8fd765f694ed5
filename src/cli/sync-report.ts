import { bytesText } from '../core/bytes-text.ts'
import { costJson } from '../core/run-cost.ts'
import type { MirrorSummary, SyncSummary } from '../sync/summary.ts'
import { printable } from './printable.ts'
import { costText } from './sync-cost.ts'
import { counted } from './sync-counted.ts'

/**
 * What a run did, for people: every number of the JSON summary that one would ask for, and every
 * problem.
 */
export function syncReport(summary: SyncSummary): string {
  const { plan, mirrors, problems, known } = summary
  const manifests = counted(summary.manifests, 'manifest')
  const lines = [
    [
      counted(summary.repositories, 'repository', 'repositories'),
      known === 0 ? manifests : `${manifests} (${known} known from before)`,
      `${counted(plan.wantedBlobs, 'blob')} (${bytesText(plan.wantedBytes)})`,
    ].join(', '),
    ...(summary.dryRun ? plannedLines(summary) : doneLines(summary)),
    ...mirrors.map(mirrorLine),
    ...(problems.length === 0 ? [] : [`${counted(problems.length, 'problem')}:`]),
    ...problems.map(({ subject, message }) => `  ${printable(`${subject}: ${message}`)}`),
  ]
  return `${lines.join('\n')}\n`
}

/** The same for machines: one line of JSON, amounts of money as decimal texts of US dollars. */
export function syncJson({ cost, ...summary }: SyncSummary): string {
  return `${JSON.stringify({ ...summary, ...(cost && { cost: costJson(cost) }) })}\n`
}

function plannedLines({ plan, cost, requests }: SyncSummary): readonly string[] {
  return [
    `would read ${counted(plan.upstreamReads, 'blob')} (${bytesText(plan.upstreamBytes)}) from upstreams`,
    `would write ${counted(plan.writes, 'object')} (${bytesText(plan.writtenBytes)}) to mirrors`,
    ...requestLines(requests),
    ...(cost === undefined ? [] : [costText(cost, 'would cost')]),
  ]
}

function doneLines(summary: SyncSummary): readonly string[] {
  const { uploaded, copied, upstreamBytes, mirrorBytes, requests, cost, durationMs } = summary
  const fromMirrors = mirrorBytes === 0 ? '' : ` and ${bytesText(mirrorBytes)} from mirrors`
  return [
    `uploaded ${uploaded.blobs} (${bytesText(uploaded.bytes)}), copied ${copied.blobs} (${bytesText(copied.bytes)}), read ${bytesText(upstreamBytes)} from upstreams${fromMirrors}`,
    ...requestLines(requests),
    ...(cost === undefined ? [] : [costText(cost, 'costs')]),
    `${publicationText(summary)}, ${(durationMs / 1000).toFixed(1)} s`,
  ]
}

function requestLines(requests: SyncSummary['requests'] = {}): readonly string[] {
  const texts = Object.entries(requests).map(
    ([host, count]) => `${counted(count, 'request')} to ${printable(host)}`,
  )
  return texts.length === 0 ? [] : [texts.join(', ')]
}

function publicationText({ publication, generation }: SyncSummary): string {
  switch (publication) {
    case 'none':
      return 'nothing published'
    case 'pinned':
      return `nothing published: clients stay with generation ${generation}, which is pinned`
    case 'superseded':
      return `nothing published: another run was first, with generation ${generation}`
    case 'new':
    case 'unchanged':
      return `generation ${generation} (${publication})`
  }
}

function mirrorLine({ id, state, blobs, bytes, uploaded, copied }: MirrorSummary): string {
  const came = uploaded.blobs + copied.blobs
  const arrived = came === 0 ? '' : `, ${came} new`
  return `  ${id}: ${state}, ${counted(blobs, 'blob')} (${bytesText(bytes)})${arrived}`
}
