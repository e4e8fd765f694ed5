import { readFile } from 'node:fs/promises'
import type { RangesSource } from '../core/address-table-metadata.ts'
import { bundledTablePath } from '../ranges/bundled.ts'
import type { Flags } from './command.ts'
import { parseFlags, UsageError } from './command.ts'

/** The bytes of the table that `--table` names; default: of the one that comes with nearport. */
export async function readTable(path: string | undefined): Promise<Uint8Array> {
  return readNamed('table', path ?? bundledTablePath)
}

/** Reads the file that a flag names. What cannot be read is a wrong use of that flag. */
export async function readNamed(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new UsageError(`--${flag} wants a file to read, and got ${path}: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EISDIR' ? 'it is a folder' : message
}

/** A document that a table was compiled from, on one line. */
export function sourceText({ cloud, document, version, date, prefixes }: RangesSource): string {
  const when = date ?? 'no date'
  const counts = `${prefixes.ipv4} IPv4 and ${prefixes.ipv6} IPv6 prefixes`
  return `${cloud.padEnd(5)}  ${document}, version ${version}, ${when}, ${counts}`
}

/** For what takes flags and nothing else. */
export function flagsAlone<const K extends Readonly<Record<string, 'string' | 'boolean'>>>(
  args: readonly string[],
  kinds: K,
): Flags<K> {
  const { flags, rest } = parseFlags(args, kinds)
  if (rest.length > 0) throw new UsageError(`wanted flags alone, and got ${rest.join(' ')}`)
  return flags
}
