import type { Finding, FindingKind } from '../core/audit.ts'
import { bytesText } from '../core/bytes-text.ts'
import type { AuditSummary, MirrorAudit } from '../sync/audit.ts'
import type { Proof } from '../sync/prove-blobs.ts'
import { printable } from './printable.ts'
import { counted } from './sync-counted.ts'

/** What an audit found, for people. */
export function auditReport(summary: AuditSummary): string {
  const { isComplete, generation, mirrors, defects, defectsBefore, problems } = summary
  const verdict = defects === 0 ? 'no defects' : counted(defects, 'defect')
  const repaired = defectsBefore === undefined ? '' : ` (${defectsBefore} before the repair)`
  const lines = [
    `${generation === undefined ? 'no index' : `index generation ${generation}`}: ${verdict}${repaired}`,
    ...(isComplete ? [] : ['not all could be walked: what is missing or extra is not known']),
    ...mirrors.flatMap(mirrorLines),
    ...(problems.length === 0 ? [] : [`${counted(problems.length, 'problem')}:`]),
    ...problems.map(({ subject, message }) => `  ${printable(`${subject}: ${message}`)}`),
  ]
  return `${lines.join('\n')}\n`
}

/** The same for machines: one line of JSON. */
export function auditJson(summary: AuditSummary): string {
  return `${JSON.stringify(summary)}\n`
}

/** What each kind of finding means, and what to do about it. */
const words: Readonly<Record<FindingKind, string>> = {
  missing: 'missing: nearport audit --repair, or the next sync, brings them',
  'wrong-size': 'of a wrong size: nearport audit --repair, or the next sync, writes them anew',
  'wrong-bytes': 'with wrong bytes: nearport audit --repair writes them anew, or deletes them',
  'indexed-not-there':
    'in the index and not there, so that pulls fail: nearport sync publishes anew',
  'not-indexed': 'not in the index: clients get them from the upstream until the next sync',
  extra: 'wanted by nobody: nearport prune deletes them',
}

const shownExamples = 3

function mirrorLines(mirror: MirrorAudit): readonly string[] {
  const { id, state, blobs, bytes, isIndexed, counts, examples, proof } = mirror
  if (state !== 'audited') return [`  ${id}: ${state}`]
  const served = isIndexed ? '' : ', in no index: its clients get the upstream'
  return [
    `  ${id}: ${counted(blobs, 'blob')} (${bytesText(bytes)})${served}`,
    ...(Object.keys(words) as FindingKind[])
      .filter((kind) => counts[kind] > 0)
      .flatMap((kind) => [
        `    ${counts[kind]} ${words[kind]}`,
        ...examples
          .filter((each) => each.kind === kind)
          .slice(0, shownExamples)
          .map((each) => `      ${exampleText(each)}`),
      ]),
    ...(proof === undefined ? [] : [`    ${proofText(proof)}`]),
  ]
}

function exampleText({ digest, wantedBytes, gotBytes }: Finding): string {
  const wanted = wantedBytes === undefined ? '' : `, wanted ${bytesText(wantedBytes)}`
  const got = gotBytes === undefined ? '' : `, there are ${bytesText(gotBytes)}`
  return `${digest}${wanted}${got}`
}

function proofText({ byStore, byReading, readBytes, wrong }: Proof): string {
  const right = byStore + byReading
  return (
    `${counted(right, 'blob')} proven, ${byStore} by the store's checksum, ` +
    `${byReading} by reading (${bytesText(readBytes)}), ${wrong.length} wrong`
  )
}
