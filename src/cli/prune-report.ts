import { bytesText } from '../core/bytes-text.ts'
import type { PrunedBlob } from '../core/prune.ts'
import type { Counted, MirrorPrune, PruneSummary } from '../sync/prune-summary.ts'
import { printable } from './printable.ts'
import { counted } from './sync-counted.ts'

/** What a prune did, or would do, for people. */
export function pruneReport({ dryRun, mirrors, problems }: PruneSummary): string {
  const lines = [
    ...mirrors.flatMap((mirror) => mirrorLines(mirror, dryRun)),
    ...(problems.length === 0 ? [] : [`${counted(problems.length, 'problem')}:`]),
    ...problems.map(({ subject, message }) => `  ${printable(`${subject}: ${message}`)}`),
  ]
  return `${lines.join('\n')}\n`
}

function mirrorLines(mirror: MirrorPrune, dryRun: boolean): readonly string[] {
  const { id, state, blobs, bytes, condemned, waiting, deleted, pardoned, nextDueAt } = mirror
  const head = `${id}: ${counted(blobs, 'blob')} (${bytesText(bytes)}), ${stateWords[state]}`
  const would = dryRun || state !== 'pruned'
  return [
    head,
    ...sumLine(deleted, would ? 'would be deleted' : 'deleted'),
    ...sumLine(condemned, would ? 'would leave the index' : 'left the index, to be deleted later'),
    ...sumLine(waiting, `wait until they may be deleted, the first at ${nextDueAt}`),
    ...(pardoned === 0 ? [] : [`  ${counted(pardoned, 'blob')} wanted again`]),
    ...(would ? mirror.examples.map(exampleLine) : []),
  ]
}

const stateWords: Readonly<Record<MirrorPrune['state'], string>> = {
  pruned: 'pruned',
  planned: 'dry run',
  'held-back': 'held back: more than prune.largestShare, --force does it',
  'not-done': 'not done',
}

function sumLine({ blobs, bytes }: Counted, what: string): readonly string[] {
  return blobs === 0 ? [] : [`  ${counted(blobs, 'blob')} (${bytesText(bytes)}) ${what}`]
}

function exampleLine({ digest, sizeBytes, sinceMs }: PrunedBlob): string {
  const since = new Date(sinceMs).toISOString()
  return `    ${digest} (${bytesText(sizeBytes)}): no image needs it, seen first at ${since}`
}
