import { resolve6 } from 'node:dns/promises'
import { Agent } from 'undici/index.js'
import { ConfigError } from '../config/error.ts'
import type { Config } from '../config.ts'
import type { Command, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { examineClientAddress } from './doctor/client-address.ts'
import type { DoctorDeps, Examination } from './doctor/examination.ts'
import { examineMirrors } from './doctor/mirrors.ts'
import { examineClock, examineIndex, examinePorts, examineRanges } from './doctor/service.ts'
import { examineUpstreams } from './doctor/upstreams.ts'
import { listenSettings } from './listen-settings.ts'
import { loadConfig } from './load-config.ts'
import { printable } from './printable.ts'

const help = `nearport doctor [--config FILE] [--url URL] [--ip ADDRESS] [--json]

Looks at everything that nearport needs, from where it runs: the configuration, each upstream (does it answer, is its
mode right), each mirror (as "nearport mirrors check"), the index, the ranges' age, the clock, the ports, and where
clients' addresses are read. Each finding comes with what mends it. What it writes into a bucket goes again.

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --url URL          a running nearport as clients reach it: asks it in which region it sees this machine
  --ip ADDRESS       the address that this machine has on the internet: whether nearport sees its region
  --json             as JSON

Exit code: 0 nothing is wrong, 1 something is, 2 used wrongly.
`

/** A person waits for these. */
const patience = { tries: 2, firstPauseMs: 300, longestPauseMs: 3000, deadlineMs: 20_000 }

/** `nearport doctor`: see its help. */
export const doctor: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest } = parseFlags(args, {
      config: 'string',
      url: 'string',
      ip: 'string',
      json: 'boolean',
    })
    if (rest.length > 0) throw new UsageError(`doctor takes no argument, and got ${rest.join(' ')}`)
    const read = await readConfig(flags.config, terminal)
    const examined =
      read.kind === 'wrong'
        ? read.examined
        : await examineAll(read.config, { url: flags.url, ip: flags.ip }, terminal)
    terminal.out(
      flags.json === true ? `${JSON.stringify({ examined })}\n` : examined.map(textOf).join(''),
    )
    const isRight = examined.every(({ findings }) => findings.every(({ kind }) => kind !== 'wrong'))
    return isRight ? 0 : 1
  },
}

type Read =
  | { readonly kind: 'read'; readonly config: Config }
  | { readonly kind: 'wrong'; readonly examined: readonly Examination[] }

/** The configuration, or what is wrong with it: then there is nothing else to be looked at. */
async function readConfig(flag: string | undefined, { env }: Terminal): Promise<Read> {
  try {
    const config = await loadConfig(flag, env)
    if (config !== undefined) return { kind: 'read', config }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const fix = 'nearport.schema.json has every key, with what it is'
    const findings = error.problems.map((what) => ({ kind: 'wrong', what, fix }) as const)
    return { kind: 'wrong', examined: [{ of: 'configuration', seen: [], findings }] }
  }
  throw new UsageError('doctor wants a configuration: --config FILE, or ./nearport.json')
}

async function examineAll(
  config: Config,
  own: { readonly url: string | undefined; readonly ip: string | undefined },
  { env, stop }: Terminal,
): Promise<readonly Examination[]> {
  const dispatcher = new Agent({ connect: { timeout: 10_000 } })
  const deps: DoctorDeps = { env, stop, dispatcher, patience, now: Date.now, hasIpv6 }
  try {
    return [
      { of: 'configuration', seen: [], findings: [] },
      ...(await Promise.all([
        ...examineUpstreams(config, deps),
        ...examineMirrors(config, deps),
        examineIndex(config, deps),
        examineRanges(deps),
        examineClock(config, deps),
        ...examinePorts(listenSettings({}, env, config), deps),
        examineClientAddress(config, own, deps),
      ])),
    ]
  } finally {
    await dispatcher.destroy()
  }
}

async function hasIpv6(name: string): Promise<boolean> {
  try {
    return (await resolve6(name)).length > 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENODATA') return false
    throw error
  }
}

function textOf({ of, seen, findings }: Examination): string {
  const verdict = findings.length === 0 ? 'nothing is wrong' : ''
  const lines = [
    `${of}: ${[verdict, ...seen].filter((each) => each !== '').join('; ')}`.trimEnd(),
    ...findings.flatMap(({ kind, what, fix }) => [`  ${kind}: ${what}`, `    → ${fix}`]),
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}
