import { Readable } from 'node:stream'
import type { Busy } from '../core/busiest.ts'
import { createBusiest } from '../core/busiest.ts'
import type { Gathering } from '../core/estimate/gather.ts'
import { createGathering } from '../core/estimate/gather.ts'
import type { AddressTable } from '../core/address-table.ts'
import type { LogFormat } from '../traffic/log-format.ts'
import type { LogLine, ReadLines } from '../traffic/log-line.ts'
import { readLog } from '../traffic/read-logs.ts'
import type { Terminal } from './command.ts'
import { UsageError } from './command.ts'

/** What was read of all logs. */
export type LogsRead = Omit<ReadLines, 'format'> & {
  readonly formats: readonly string[]
  readonly gathering: Gathering
  /** The manifests that were pulled most, as `repository reference`. */
  readonly manifests: readonly Busy[]
}

export type ReadOptions = {
  readonly locate: AddressTable['locate']
  readonly format: LogFormat | 'auto'
  /** Whether the names of manifests are wanted: taking them down costs time. */
  readonly wantsManifests: boolean
}

/** So many manifests are asked for at the most: the busiest. */
const mostManifests = 5000

/**
 * Reads logs, one after the other: files, `-` for standard input, which is also read where there is no file. Throws
 * UsageError where that is a person's terminal, and LogError for a log that cannot be believed.
 */
export async function readLogs(
  files: readonly string[],
  { locate, format, wantsManifests }: ReadOptions,
  { input, stop }: Pick<Terminal, 'input' | 'stop'>,
): Promise<LogsRead> {
  if (files.filter((file) => file === '-').length > 1) {
    throw new UsageError('estimate wants standard input (-) once, and got it twice')
  }
  const gathering = createGathering()
  const busiest = createBusiest(mostManifests)
  let isStopped = stop.aborted
  stop.addEventListener('abort', () => (isStopped = true), { once: true })
  const sink = (line: LogLine) => {
    if (isStopped) throw new Error('it was stopped, and what was read of the logs is no estimate')
    gathering.take(line)
    if (wantsManifests && line.kind === 'manifest') {
      busiest.add(`${line.repository()} ${line.reference()}`, undefined)
    }
  }

  const all: ReadLines[] = []
  for (const file of files.length === 0 ? ['-'] : files) {
    all.push(await readLog(file === '-' ? openInput(input) : file, { locate, format }, sink))
    gathering.endLog()
  }
  const sum = (pick: (read: ReadLines) => number) =>
    all.reduce((total, read) => total + pick(read), 0)
  return {
    lines: sum((read) => read.lines),
    bytesRead: sum((read) => read.bytesRead),
    notUnderstood: sum((read) => read.notUnderstood),
    sample: all.find((read) => read.sample !== undefined)?.sample,
    formats: [...new Set(all.map((read) => read.format))],
    gathering,
    manifests: busiest.top(mostManifests),
  }
}

function openInput(input: Terminal['input']): Readable {
  if ((input as { readonly isTTY?: boolean }).isTTY === true) {
    throw new UsageError('estimate wants access logs: files, or one on standard input')
  }
  return input instanceof Readable ? input : Readable.from(input)
}
