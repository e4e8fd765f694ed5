import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Config } from '../config.ts'
import { accept } from '../config/accept.ts'
import { ranges as rangesSchema } from '../config/ranges-schema.ts'
import type { Cloud } from '../core/location.ts'
import { clouds } from '../core/location.ts'
import { compareVersions } from '../core/ranges-update.ts'
import { bundledTablePath, openTable } from '../ranges/bundled.ts'
import { decideRanges } from '../ranges/decide.ts'
import { fetchDocument, withoutQuery } from '../ranges/fetch-document.ts'
import { mergeTables, newerOf } from '../ranges/newest.ts'
import { loadKeptTable, saveKeptTable } from '../runtime/ranges/directory.ts'
import type { ExitCode, Flags, Terminal } from './command.ts'
import { UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'
import type { Looked } from './ranges-change-text.ts'
import { lookedJson, lookedText } from './ranges-change-text.ts'
import { flagsAlone, readNamed, readTable } from './ranges-files.ts'

const sourceFlags = {
  aws: 'string',
  gcp: 'string',
  azure: 'string',
  config: 'string',
  json: 'boolean',
} as const

type Settings = Config['ranges']

/** `nearport ranges diff`: what newer documents would change, and whether they would be taken. */
export async function diffRanges(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const flags = flagsAlone(args, { ...sourceFlags, table: 'string' })
  const settings = await readSettings(flags.config, terminal)
  const table =
    flags.table === undefined ? await readNewest(settings.directory) : await readTable(flags.table)
  const looked: Looked[] = []
  for (const [cloud, source] of sourcesOf(flags, settings)) {
    looked.push(await look(cloud, source, table, settings))
  }
  return tell(looked, flags.json === true, terminal)
}

/** `nearport ranges update`: the same, and what is taken is kept where serve finds it. */
export async function updateRanges(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const flags = flagsAlone(args, { ...sourceFlags, directory: 'string', anyway: 'boolean' })
  const settings = await readSettings(flags.config, terminal)
  const directory = flags.directory ?? settings.directory
  if (directory === undefined) {
    throw new UsageError(
      'wanted --directory, or ranges.directory in the configuration, and got neither',
    )
  }
  let table = await readNewest(directory)
  const looked: Looked[] = []
  for (const [cloud, source] of sourcesOf(flags, settings)) {
    const found = await look(cloud, source, table, settings)
    const newer = found.decision?.table
    const taken = newer !== undefined && isToBeTaken(found, flags.anyway === true)
    if (taken) table = newer
    looked.push({ ...found, taken })
  }
  if (looked.some(({ taken }) => taken)) await saveKeptTable(directory, table)
  return tell(looked, flags.json === true, terminal)
}

/** An older document is taken by no means: wherever a newer one is known, that is used. */
function isToBeTaken({ outcome, before, decision }: Looked, anyway: boolean): boolean {
  if (outcome !== 'refused') return outcome === 'accepted'
  const version = decision?.source?.version
  return (
    anyway &&
    version !== undefined &&
    (before === undefined || compareVersions(version, before.version) > 0)
  )
}

async function readSettings(flag: string | undefined, { env }: Terminal): Promise<Settings> {
  return (await loadConfig(flag, env))?.ranges ?? accept(rangesSchema, undefined)!
}

/** The table that serve would start with. */
async function readNewest(directory: string | undefined): Promise<Uint8Array> {
  const bundled = await readFile(bundledTablePath)
  const kept = directory === undefined ? undefined : await loadKeptTable(directory)
  const newer = kept === undefined ? 'one' : newerOf(bundled, kept, crc32)
  if (newer === 'one') return bundled
  return newer === 'other' ? kept! : mergeTables(bundled, kept!, crc32)
}

/** Those that flags name; where none does, the configured ones. */
function sourcesOf(
  flags: Flags<typeof sourceFlags>,
  { sources }: Settings,
): readonly (readonly [Cloud, string])[] {
  const named = clouds.some((cloud) => flags[cloud] !== undefined)
  const given = named ? flags : sources
  return clouds.flatMap((cloud) => {
    const source = given[cloud] ?? undefined
    return source === undefined ? [] : [[cloud, source] as const]
  })
}

async function look(
  cloud: Cloud,
  source: string,
  table: Uint8Array,
  limits: Settings,
): Promise<Looked> {
  const isAddress = /^https?:\/\//.test(source)
  const before = openTable(table).sources.find((each) => each.cloud === cloud)
  const about = { cloud, from: isAddress ? withoutQuery(source) : basename(source), before }
  let came: { readonly bytes: Uint8Array; readonly etag?: string | undefined }
  try {
    came = isAddress ? await fetchWhole(source) : { bytes: await readNamed(cloud, source) }
  } catch (error) {
    if (error instanceof UsageError) throw error
    const problems = [messageOf(error)]
    return { ...about, outcome: 'failed', problems, decision: undefined, taken: false }
  }
  const decision = await decideRanges(
    {
      cloud,
      document: came.bytes,
      from: isAddress ? about.from : undefined,
      etag: came.etag,
      table,
      limits,
      nowMs: Date.now(),
    },
    crc32,
  )
  const { verdict: outcome, problems } = decision
  return { ...about, outcome, problems, decision, taken: false }
}

async function fetchWhole(
  url: string,
): Promise<{ readonly bytes: Uint8Array; readonly etag: string | undefined }> {
  const came = await fetchDocument(url, undefined, { fetch })
  if (came.kind === 'unchanged') throw new Error('wanted a document, got word that it is the same')
  return came
}

function tell(looked: readonly Looked[], json: boolean, terminal: Terminal): ExitCode {
  terminal.out(
    json
      ? `${JSON.stringify({ documents: looked.map(lookedJson) })}\n`
      : looked.map(lookedText).join(''),
  )
  const isFine = looked.every(
    ({ outcome, taken }) => taken || outcome === 'accepted' || outcome === 'unchanged',
  )
  return isFine ? 0 : 1
}

function messageOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
