import type { Crc32 } from '../core/address-table-format.ts'
import type { RangesSource } from '../core/address-table-metadata.ts'
import type { Cloud } from '../core/location.ts'
import type { RangesChange, RegionChange } from '../core/ranges-flow.ts'
import { changesByCloud, listRegionChanges } from '../core/ranges-flow.ts'
import type { RangesLimits } from '../core/ranges-update.ts'
import { judgeRanges } from '../core/ranges-update.ts'
import { replaceCloud } from './combine.ts'
import { compileContent } from './compile.ts'
import { decodeTable } from './decode.ts'
import { RangesError } from './documents.ts'
import type { TableContent } from './encode.ts'
import { encodeTable } from './encode.ts'
import { flowsBetween } from './flows.ts'

/** A document that has come, and the table that it may become a part of. Plain data, for a thread. */
export type RangesTask = {
  readonly cloud: Cloud
  /** The document's bytes as they came. */
  readonly document: Uint8Array
  /** Where it is from, and what its server calls this state of it: both go into the table. */
  readonly from?: string | undefined
  readonly etag?: string | undefined
  /** The table in use. */
  readonly table: Uint8Array
  readonly limits: RangesLimits
  readonly nowMs: number
}

/** What becomes of the document. Plain data, as it may come from a thread. */
export type RangesDecision = {
  readonly verdict: 'accepted' | 'unchanged' | 'refused'
  /** Why it is refused: what was wanted and what came. */
  readonly problems: readonly string[]
  /** The document; undefined: it cannot be read. */
  readonly source: RangesSource | undefined
  /** What it changes for the whole cloud, and for each region that is not as before. */
  readonly change: RangesChange | undefined
  readonly regions: readonly RegionChange[]
  /** The table with this document in it, whatever the verdict; undefined: it cannot be made. */
  readonly table: Uint8Array | undefined
}

/** So many problems of a document are told; the first ones say what it is. */
const mostProblems = 5

/**
 * Reads a document, compiles it into the table in use, and decides whether that table may be used.
 * Takes half a second of work for a large document, and as much memory as its parsed form. Rejects
 * only where the table in use is none.
 */
export async function decideRanges(task: RangesTask, crc32: Crc32): Promise<RangesDecision> {
  const { cloud, document, from, etag } = task
  const inUse = decodeTable(task.table, crc32)
  try {
    const content = compileContent({ [cloud]: parseDocument(document) })
    const source: RangesSource = {
      ...content.sources[0]!,
      ...(from !== undefined && { from, sha256: await sha256Hex(document) }),
      ...(etag !== undefined && { etag }),
    }
    return decideContent(task, inUse, { ...content, sources: [source] }, crc32)
  } catch (error) {
    if (!(error instanceof RangesError)) throw error
    const problems = error.problems.slice(0, mostProblems)
    const more = error.problems.length - problems.length
    return {
      verdict: 'refused',
      problems: more > 0 ? [...problems, `and ${more} problems more`] : problems,
      source: undefined,
      change: undefined,
      regions: [],
      table: undefined,
    }
  }
}

function decideContent(
  { cloud, limits, nowMs }: RangesTask,
  inUse: TableContent,
  update: TableContent,
  crc32: Crc32,
): RangesDecision {
  const source = update.sources[0]!
  const combined = replaceCloud(inUse, update, cloud)
  const flows = flowsBetween(inUse, combined)
  const current = inUse.sources.find((each) => each.cloud === cloud)
  const madeAtMs = source.date === null ? undefined : Date.parse(source.date)
  const judged = judgeRanges({ current, candidate: source, madeAtMs, flows, nowMs }, limits)
  const change = changesByCloud(flows).get(cloud)
  const regions = listRegionChanges(flows)
  try {
    return { ...judged, source, change, regions, table: encodeTable(combined, crc32) }
  } catch (error) {
    // It has grown past what a table can count.
    const problems = [...judged.problems, (error as Error).message]
    return { verdict: 'refused', problems, source, change, regions, table: undefined }
  }
}

function parseDocument(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes)
  try {
    return JSON.parse(text)
  } catch {
    // The engine's own words quote as much of it as they like.
    const came =
      text === '' ? 'nothing' : `${bytes.length} bytes of ${JSON.stringify(beginOf(text))}…`
    throw new RangesError([`wanted JSON, got ${came}`])
  }
}

function beginOf(text: string): string {
  return text.trimStart().slice(0, 20)
}

async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
