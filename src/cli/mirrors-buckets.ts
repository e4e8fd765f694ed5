import type { ConfiguredMirror } from '../config.ts'
import { bytesText } from '../core/bytes-text.ts'
import { setUpBucket } from '../sync/mirrors/bucket-setup.ts'
import type { SetupStep } from '../sync/mirrors/bucket-setup.ts'
import { checkMirror } from '../sync/mirrors/mirror-check.ts'
import type { Finding } from '../sync/mirrors/mirror-finding.ts'
import type { MirrorsState, MirrorState } from '../sync/mirrors/mirror-state.ts'
import { readMirrorsState } from '../sync/mirrors/mirror-state.ts'
import type { ExitCode } from './command.ts'
import type { MirrorsCall } from './mirrors.ts'
import { printable } from './printable.ts'

/** `nearport mirrors list`. */
export async function listMirrors({ config, deps, json, out }: MirrorsCall): Promise<ExitCode> {
  const state = await readMirrorsState(config, deps)
  out(json ? `${JSON.stringify(state)}\n` : linesOf([headOf(state), ...state.mirrors.map(lineOf)]))
  return state.mirrors.every(({ serves }) => serves) ? 0 : 1
}

/** `nearport mirrors create`. */
export async function createMirrors(call: MirrorsCall): Promise<ExitCode> {
  const { config, deps, json, out, claim, dryRun } = call
  const isIndexThere = config.index.directory === undefined
  const made: { readonly id: string; readonly steps: readonly SetupStep[] }[] = []
  for (const mirror of chosen(call)) {
    const { id, store } = mirror
    const steps = await setUpBucket(mirror, deps, { isIndexThere, dryRun, claim: claim === id })
    made.push({ id, steps })
    if (!json) out(linesOf([`${id}: ${store.bucket}`, ...steps.map(stepLine)]))
  }
  if (json) out(`${JSON.stringify(made)}\n`)
  else if (!dryRun) out('nearport mirrors check tries what was made as clients will\n')
  const isRight = made.every(({ steps }) =>
    steps.every(({ outcome }) => outcome !== 'failed' && outcome !== 'refused'),
  )
  return isRight ? 0 : 1
}

/** `nearport mirrors check`. */
export async function checkMirrors(call: MirrorsCall): Promise<ExitCode> {
  const { config, deps, json, out } = call
  const isIndexThere = config.index.directory === undefined
  const checked = await Promise.all(
    chosen(call).map(async (mirror) => {
      return { id: mirror.id, findings: await checkMirror(mirror, deps, { isIndexThere }) }
    }),
  )
  if (json) out(`${JSON.stringify(checked)}\n`)
  else out(linesOf(checked.flatMap(({ id, findings }) => findingLines(id, findings))))
  const isRight = checked.every(({ findings }) => findings.every(({ kind }) => kind !== 'wrong'))
  return isRight ? 0 : 1
}

function chosen({ config, rest }: MirrorsCall): readonly ConfiguredMirror[] {
  return rest.length === 0 ? config.mirrors : config.mirrors.filter(({ id }) => rest.includes(id))
}

function headOf({ generation, checkedAt, pinnedTo }: MirrorsState): string {
  if (generation === undefined) return 'no index is published'
  const pinned =
    pinnedTo === undefined ? '' : `, pinned to generation ${pinnedTo}: nearport mirrors release`
  return `generation ${generation}, checked ${checkedAt}${pinned}`
}

function lineOf(state: MirrorState): string {
  const { id, marker, listed, indexed, danglingUploads = 0, serves, why } = state
  const parts = [
    markerWords[marker],
    ...(listed ? [`lists ${listed.blobs} blobs (${bytesText(listed.bytes)})`] : []),
    ...(indexed ? [`the index ${indexed.blobs}`] : []),
    ...(indexed && indexed.missing > 0 ? [`${indexed.missing} OF THEM NOT LISTED`] : []),
    ...(indexed && indexed.unlisted > 0 ? [`${indexed.unlisted} not in the index`] : []),
    ...(danglingUploads > 0 ? [`${danglingUploads} uploads that nobody completed`] : []),
    serves ? 'serves' : `does not serve: ${why}`,
  ]
  return `  ${id}: ${parts.join(', ')}`
}

const markerWords = {
  ours: 'ours',
  empty: 'empty',
  unclaimed: 'unclaimed',
  foreign: 'not ours',
  unreachable: 'unreachable',
} as const

function stepLine({ what, outcome, note }: SetupStep): string {
  return `  ${what}: ${outcomeWords[outcome]}${note === undefined ? '' : ` (${note})`}`
}

const outcomeWords = {
  done: 'done',
  already: 'already so',
  planned: 'would be done',
  unknown: 'not known by this store',
  refused: 'refused',
  failed: 'failed',
} as const

function findingLines(id: string, findings: readonly Finding[]): readonly string[] {
  if (findings.length === 0) return [`${id}: nothing is wrong`]
  return [
    `${id}:`,
    ...findings.flatMap(({ kind, what, fix }) => [`  ${kind}: ${what}`, `    → ${fix}`]),
  ]
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${printable(line)}\n`).join('')
}
