import type { Config } from '../config.ts'
import type { Finding, FindingKind } from '../core/audit.ts'
import { auditListing, isDefect } from '../core/audit.ts'
import type { BlobIndex } from '../core/blob-index.ts'
import type { Digest } from '../core/digest.ts'
import { canaryOf } from './publish/canary.ts'
import { readCondemned } from './condemned.ts'
import { folderPlace } from './publish/index-folder.ts'
import { bucketPlace } from './publish/index-place.ts'
import { readNewest } from './publish/published-index.ts'
import { lookAt } from './publish/published-places.ts'
import type { OpenMirror } from './open-mirrors.ts'
import { listMirror } from './open-mirrors.ts'
import type { Proof } from './prove-blobs.ts'
import { proveBlobs } from './prove-blobs.ts'
import type { Problem } from './recorder.ts'
import { repair } from './repair.ts'
import type { Session, SyncDeps } from './session.ts'
import { openSession } from './session.ts'
import type { Paying, Survey } from './survey.ts'
import { bytesOf } from './summarize.ts'
import { survey } from './survey.ts'

export type AuditOptions = {
  /** Proves what is in the blobs: of a sample, or of all. */
  readonly deep?: 'sample' | 'all' | undefined
  /** Brings what is missing or wrong, and publishes anew. */
  readonly repair?: boolean | undefined
  /** What was pulled, for mirrors that hold what pays. */
  readonly pays?: Paying | undefined
}

/** What an audit found in a mirror. */
export type MirrorAudit = {
  readonly id: string
  /** `refused`: the bucket is not ours; `unreachable`: it could not be asked. */
  readonly state: 'audited' | 'refused' | 'unreachable'
  readonly blobs: number
  readonly bytes: number
  /** Whether the newest index sends clients there. */
  readonly isIndexed: boolean
  readonly counts: Readonly<Record<FindingKind, number>>
  /** Some of each kind, so that one can look. */
  readonly examples: readonly Finding[]
  readonly proof: Proof | undefined
}

export type AuditSummary = {
  /** Whether all that should be there could be found out. */
  readonly isComplete: boolean
  readonly generation: number | undefined
  readonly mirrors: readonly MirrorAudit[]
  /** Findings that break a pull, or leave a mirror without what it should have: none is sound. */
  readonly defects: number
  /** Defects there were before the repair; undefined where nothing was to be repaired. */
  readonly defectsBefore: number | undefined
  readonly problems: readonly Problem[]
  readonly durationMs: number
}

const mostExamples = 20

/**
 * Compares what every mirror lists with what it should hold and with the newest index, and repairs
 * it where that is wanted. What fails is in the summary's problems; it throws only for a bug.
 */
export async function runAudit(
  config: Config,
  deps: SyncDeps,
  options: AuditOptions = {},
): Promise<AuditSummary> {
  const session = openSession(config, deps)
  const { recorder, settings, startMs } = session
  let surveyed: Survey | undefined
  try {
    // It writes nothing, a repair alone does.
    surveyed = await survey(session, { dryRun: options.repair !== true, pays: options.pays })
    const first = await auditAll(session, surveyed, options.deep)
    const before = defectsOf(first.mirrors)
    const isMended = options.repair === true && before > 0 && !settings.stop.aborted
    const last = isMended ? await repairAll(session, surveyed, first) : first
    return {
      isComplete: surveyed.isComplete,
      generation: last.generation,
      mirrors: last.mirrors,
      defects: defectsOf(last.mirrors),
      defectsBefore: isMended ? before : undefined,
      problems: recorder.problems,
      durationMs: settings.now() - startMs,
    }
  } finally {
    await surveyed?.close()
    await session.close()
  }
}

type Audited = {
  readonly generation: number | undefined
  readonly mirrors: readonly MirrorAudit[]
  /** Blobs whose bytes are wrong, by mirror id. */
  readonly wrong: ReadonlyMap<string, readonly Digest[]>
}

async function repairAll(session: Session, surveyed: Survey, first: Audited): Promise<Audited> {
  const { recorder } = session
  const left = await repair(session, surveyed, first.wrong)
  const open = await Promise.all(
    surveyed.open.map(async (each) => ({
      ...each,
      listing: await listMirror(each.bucket, recorder).catch(() => each.listing),
    })),
  )
  // What was repaired was verified on its way: only what could not be is still wrong.
  return auditAll(session, { ...surveyed, open }, undefined, left)
}

async function auditAll(
  session: Session,
  surveyed: Survey,
  deep: AuditOptions['deep'],
  known: Audited['wrong'] = new Map(),
): Promise<Audited> {
  const { config, recorder } = session
  const { directory } = config.index
  const places = [
    ...surveyed.open.map(({ bucket }) => bucketPlace(bucket)),
    ...(directory === undefined ? [] : [folderPlace(directory)]),
  ]
  const index = (await readNewest(await lookAt(places, recorder), recorder))?.index
  const wrong = new Map<string, readonly Digest[]>()
  const mirrors: MirrorAudit[] = []
  for (const opened of surveyed.opened) {
    const { id } = opened
    const mirror = surveyed.open.find((each) => each.id === id)
    if (mirror === undefined || opened.kind !== 'open') {
      const state = opened.kind === 'open' ? 'unreachable' : opened.kind
      mirrors.push({ ...nothing, id, state })
      continue
    }
    const proof = deep === undefined ? undefined : await prove(session, mirror, deep)
    wrong.set(id, [...(known.get(id) ?? []), ...(proof?.wrong ?? [])])
    const audited = await auditMirror(surveyed, mirror, index, wrong.get(id)!)
    mirrors.push({ ...audited, proof })
  }
  return { generation: index?.generation, mirrors, wrong }
}

function prove(
  { config, recorder, settings }: Session,
  { bucket, listing }: OpenMirror,
  deep: 'sample' | 'all',
): Promise<Proof> {
  const { concurrency } = config.sync
  return proveBlobs(bucket, listing, deep, { recorder, concurrency, stop: settings.stop })
}

async function auditMirror(
  surveyed: Survey,
  { id, bucket, listing }: OpenMirror,
  index: BlobIndex | undefined,
  wrong: readonly Digest[],
): Promise<MirrorAudit> {
  const condemned = await readCondemned(bucket)
  const canary = canaryOf(id).digest
  const place = index?.mirrors.findIndex((each) => each.id === id) ?? -1
  const findings = auditListing({
    listing,
    wanted: surveyed.isComplete ? surveyed.blobs : undefined,
    wants: surveyed.mirrors.find((each) => each.id === id)?.wants,
    indexed: place < 0 ? undefined : { index: index!, mirror: place },
    isApart: (digest) => digest === canary || condemned.has(digest),
  })
  const counts = { ...nothing.counts }
  const examples: Finding[] = []
  const note = (finding: Finding) => {
    if (counts[finding.kind]++ < mostExamples) examples.push(finding)
  }
  for (const finding of findings) note(finding)
  for (const digest of wrong) {
    note({ kind: 'wrong-bytes', digest, gotBytes: listing.get(digest) ?? 0 })
  }
  const isIndexed = place >= 0
  const sums = { blobs: listing.size, bytes: bytesOf(listing) }
  return { id, state: 'audited', ...sums, isIndexed, counts, examples, proof: undefined }
}

function defectsOf(mirrors: readonly MirrorAudit[]): number {
  let sum = 0
  for (const { counts } of mirrors) {
    for (const [kind, count] of Object.entries(counts)) {
      if (isDefect[kind as FindingKind]) sum += count
    }
  }
  return sum
}

const nothing = {
  blobs: 0,
  bytes: 0,
  isIndexed: false,
  counts: {
    missing: 0,
    'wrong-size': 0,
    'wrong-bytes': 0,
    'indexed-not-there': 0,
    'not-indexed': 0,
    extra: 0,
  },
  examples: [],
  proof: undefined,
}
