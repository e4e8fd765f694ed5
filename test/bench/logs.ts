import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import type { LogFormat } from '../../src/traffic/log-format.ts'
import { logWriters } from './parts/log-lines.ts'
import { createRequests } from './parts/log-requests.ts'
import { describeMachine } from './parts/machine.ts'
import { measure } from './parts/measure.ts'
import { printTable, spread } from './parts/table.ts'
import type { Workshop } from './parts/workshop.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'logs'

const help = `npm run bench -- logs [--megabytes 256] [--rounds 7] [--format combined]

How fast access logs are read, by format: of each so many megabytes, read from a file.
`

/** What one reading took, as parts/log-program.ts prints it. */
type Round = {
  readonly lines: number
  readonly notUnderstood: number
  readonly blobs: number
  readonly located: number
  readonly wallMs: number
  readonly cpuMs: number
}

/** Prints, for each format, the speed of reading a generated log, and the memory it took. */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      megabytes: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '7' },
      format: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  const formats = (Object.keys(logWriters) as LogFormat[]).filter((format) => {
    return values.format === undefined || values.format === format
  })
  await withWorkshop({}, async (workshop) => {
    console.log(await describeMachine([]))
    const table: (readonly string[])[] = [
      ['', 'bytes a line', 'MB/s', 'M lines/s', 'MB a second of CPU', 'peak memory, MB'],
    ]
    const megabytes = Number(values.megabytes)
    for (const format of formats) {
      const file = join(workshop.directory, format)
      writeLog(file, format, megabytes * 1e6)
      table.push(await measureFile(workshop, format, file, statSync(file).size, values.rounds))
      if (format === 'combined') {
        const packed = `${file}.gz`
        await pipeline(createReadStream(file), createGzip(), createWriteStream(packed))
        const size = statSync(file).size
        table.push(await measureFile(workshop, 'combined, gzip', packed, size, values.rounds))
        rmSync(packed)
      }
      rmSync(file)
    }
    printTable(table)
  })
}

async function measureFile(
  { directory, stop }: Workshop,
  title: string,
  file: string,
  sizeBytes: number,
  rounds: string,
): Promise<readonly string[]> {
  const program = join(import.meta.dirname, 'parts', 'log-program.ts')
  const command = [process.execPath, program, '--file', file, '--rounds', rounds] as const
  const log = join(directory, 'log')
  const { stdout, exitCode, peakBytes } = await measure(command, { log, stop })
  if (exitCode !== 0) throw new Error(`reading ${title} ended with ${exitCode}`)
  const all = JSON.parse(stdout) as readonly Round[]
  const [{ lines, notUnderstood, blobs }] = all as readonly [Round]
  if (notUnderstood > 0 || blobs === 0) throw new Error(`${title}: ${notUnderstood} lines strange`)
  return [
    title,
    (sizeBytes / lines).toFixed(0),
    spread(
      all.map(({ wallMs }) => sizeBytes / 1000 / wallMs),
      0,
    ),
    spread(
      all.map(({ wallMs }) => lines / 1000 / wallMs),
      2,
    ),
    spread(
      all.map(({ cpuMs }) => sizeBytes / 1000 / cpuMs),
      0,
    ),
    (peakBytes / 1e6).toFixed(0),
  ]
}

/** Writes a log of so many bytes: 100,000 different requests, over and over. */
function writeLog(file: string, format: LogFormat, sizeBytes: number): void {
  const draw = createRequests(20_251_010)
  const write = logWriters[format]
  const lines = Array.from({ length: 100_000 }, () => `${write(draw())}\n`)
  const block = Buffer.from(lines.join(''))
  const output = openSync(file, 'w')
  for (let written = 0; written < sizeBytes; written += block.length) writeSync(output, block)
  closeSync(output)
}
