import { rename, writeFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { bundledTablePath, openTable } from '../ranges/bundled.ts'
import { compareTables } from '../ranges/compare.ts'
import { compileRanges } from '../ranges/compile.ts'
import { decodeTable } from '../ranges/decode.ts'
import type { RangesDocuments } from '../ranges/documents.ts'
import type { TableContent } from '../ranges/encode.ts'
import { readLines } from '../ranges/lines.ts'
import { createJsonLookup, createLineLookup } from '../ranges/lookup.ts'
import type { Command, ExitCode, Flags, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { flagsAlone, readNamed, readTable, sourceText } from './ranges-files.ts'
import { diffRanges, updateRanges } from './ranges-update.ts'

const help = `nearport ranges lookup [ADDRESS…] [--table FILE] [--json]
nearport ranges show [--table FILE] [--json]
nearport ranges compile --aws FILE --gcp FILE --azure FILE [--out FILE]
nearport ranges verify --aws FILE --gcp FILE --azure FILE [--table FILE] [--json]
nearport ranges diff [--aws SOURCE] [--gcp SOURCE] [--azure SOURCE] [--table FILE] [--config FILE] [--json]
nearport ranges update [--aws SOURCE] [--gcp SOURCE] [--azure SOURCE] [--directory DIRECTORY] [--anyway] [--config FILE]
                       [--json]

lookup   prints the cloud and region of each address, a line each: ADDRESS<TAB>cloud<TAB>region, with - for what is not
         known. Addresses are read from standard input, a line each, when none is given.
show     prints where the table is from: documents, dates, how much is in it.
compile  makes a table from the documents that the vendors publish: AWS's ip-ranges.json, Google Cloud's cloud.json and
         Azure's ServiceTags_Public.json.
verify   compiles the documents again and says what differs from the table; exit code 1 when something does.
diff     says what newer documents would change, in addresses and by region, and whether serve would take them; exit
         code 1 when it would refuse one, or when one cannot be had. A SOURCE is a file or an http address; without any,
         they are the configuration's, or the vendors' own.
update   does the same, and puts what is taken into the folder (default: the configuration's ranges.directory), where
         serve finds it within an hour; with --anyway also what would be refused, as long as it can be read.

Without --table or --out, the table is the one that comes with nearport; for diff and update, the newest of that and the
one in the configuration's ranges.directory.
`

/** `nearport ranges`: the table of the clouds' published addresses. */
export const ranges: Command = {
  help,
  async run([verb, ...args], terminal) {
    switch (verb) {
      case 'lookup':
        return lookup(args, terminal)
      case 'show':
        return show(args, terminal)
      case 'compile':
        return compile(args, terminal)
      case 'verify':
        return verify(args, terminal)
      case 'diff':
        return diffRanges(args, terminal)
      case 'update':
        return updateRanges(args, terminal)
      case '--help':
        terminal.out(help)
        return 0
      default:
        throw new UsageError(
          `ranges wants one of lookup, show, compile, verify, diff, update, and got ${verb ?? 'none'}`,
        )
    }
  },
}

async function lookup(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const { flags, rest } = parseFlags(args, { table: 'string', json: 'boolean' })
  const table = openTable(await readTable(flags.table))
  const lineOf = flags.json ? createJsonLookup(table) : createLineLookup(table)
  if (rest.length > 0) {
    terminal.out(rest.map(lineOf).join(''))
    return 0
  }

  for await (const lines of readLines(terminal.input)) {
    if (terminal.stop.aborted) return 1
    if (terminal.outGone.aborted) return 0
    // One piece of text a batch: a million small writes take longer than a million lookups.
    let text = ''
    for (const line of lines) if (line.trim() !== '') text += lineOf(line)
    if (text !== '') terminal.out(text)
  }
  return 0
}

async function show(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const flags = flagsAlone(args, { table: 'string', json: 'boolean' })
  const bytes = await readTable(flags.table)
  const content = decodeTable(bytes, crc32)
  const { sources, locations } = content
  const spans = { ipv4: content.ipv4.length, ipv6: content.ipv6.length }
  terminal.out(
    flags.json
      ? `${JSON.stringify({ bytes: bytes.length, spans, locations, sources })}\n`
      : `${sources.map((source) => `${sourceText(source)}\n`).join('')}${sizeText(content, bytes)}\n`,
  )
  return 0
}

const documentFlags = { aws: 'string', gcp: 'string', azure: 'string' } as const

async function compile(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const flags = flagsAlone(args, { ...documentFlags, out: 'string' })
  const bytes = compileRanges(await readDocumentFiles(flags), crc32)
  const content = decodeTable(bytes, crc32)
  const path = flags.out ?? bundledTablePath
  // A reader, or a run that is killed, sees the old table or the new one.
  await writeFile(`${path}.new`, bytes)
  await rename(`${path}.new`, path)
  for (const source of content.sources) terminal.out(`${sourceText(source)}\n`)
  terminal.out(`${sizeText(content, bytes)}: written to ${path}\n`)
  return 0
}

async function verify(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const flags = flagsAlone(args, { ...documentFlags, table: 'string', json: 'boolean' })
  const tableBytes = await readTable(flags.table)
  const documentBytes = compileRanges(await readDocumentFiles(flags), crc32)
  const same = Buffer.compare(tableBytes, documentBytes) === 0

  const table = decodeTable(tableBytes, crc32)
  const documents = decodeTable(documentBytes, crc32)
  const differences = same ? [] : compareTables(table, documents)
  if (flags.json) {
    const shown = differences.slice(0, mostDifferences)
    terminal.out(
      `${JSON.stringify({
        same,
        differences: differences.length,
        first: shown.map(({ one, other, ...span }) => ({ ...span, table: one, documents: other })),
        sources: { table: table.sources, documents: documents.sources },
      })}\n`,
    )
  } else if (same) {
    terminal.out(`the table is what these documents compile to: ${sizeText(table, tableBytes)}\n`)
  } else {
    terminal.out(differenceText(table, documents, differences))
  }
  return same ? 0 : 1
}

const mostDifferences = 20

function differenceText(
  table: TableContent,
  documents: TableContent,
  differences: ReturnType<typeof compareTables>,
): string {
  const lines = ['the table is not what these documents compile to']
  for (const [what, { sources }] of Object.entries({ table, documents })) {
    lines.push(...sources.map((source) => `${what.padEnd(9)}  ${sourceText(source)}`))
  }
  lines.push(`${differences.length} runs of addresses differ`)
  for (const { first, last, one, other } of differences.slice(0, mostDifferences)) {
    lines.push(`${first} to ${last}: ${one} in the table, ${other} in the documents`)
  }
  if (differences.length > mostDifferences) {
    lines.push(`and ${differences.length - mostDifferences} more`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

function sizeText({ locations, ipv4, ipv6 }: TableContent, bytes: Uint8Array): string {
  return `${locations.length} locations, ${ipv4.length} IPv4 and ${ipv6.length} IPv6 spans, ${bytes.length} bytes`
}

async function readDocumentFiles(flags: Flags<typeof documentFlags>): Promise<RangesDocuments> {
  const { aws, gcp, azure } = flags
  const missing = Object.keys(documentFlags).filter((name) => !Object.hasOwn(flags, name))
  if (aws === undefined || gcp === undefined || azure === undefined) {
    throw new UsageError(`wanted --aws, --gcp and --azure, and got no --${missing.join(', no --')}`)
  }
  return {
    aws: await readJson('aws', aws),
    gcp: await readJson('gcp', gcp),
    azure: await readJson('azure', azure),
  }
}

async function readJson(flag: string, path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readNamed(flag, path))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as SyntaxError).message}`, { cause: error })
  }
}
