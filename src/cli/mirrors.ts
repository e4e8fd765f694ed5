import { Agent } from 'undici/index.js'
import type { Config } from '../config.ts'
import type { MirrorsDeps } from '../sync/mirrors/mirror-open.ts'
import { createRecorder } from '../sync/recorder.ts'
import type { Command, ExitCode, Terminal } from './command.ts'
import { parseFlags, UsageError } from './command.ts'
import { loadConfig } from './load-config.ts'
import { checkMirrors, createMirrors, listMirrors } from './mirrors-buckets.ts'
import { printable } from './printable.ts'
import { listIndexes, release, rollback } from './mirrors-generations.ts'

const help = `nearport mirrors [list] [--json]
nearport mirrors create [MIRROR-ID…] [--claim MIRROR-ID] [--dry-run] [--json]
nearport mirrors check [MIRROR-ID…] [--json]
nearport mirrors generations [--json]
nearport mirrors rollback [GENERATION] [--dry-run] [--json]
nearport mirrors release [--dry-run] [--json]

  list         what each mirror holds, what the index says of it, and whether it serves clients or why not
  create       makes and sets up buckets: public read of the blobs alone (none where it is private), TLS only,
               an end for uploads that nobody completes, the marker and the canary; what is there stays, and
               a bucket that is not ours is refused
  check        what is wrong with each mirror, and what mends it
  generations  the generations of the index, the newest first
  rollback     publishes an earlier generation again (default: the one before), as far as the mirrors still hold it,
               and pins it: sync fills the mirrors and publishes nothing until it is released
  release      takes the pin away: the next sync publishes what the mirrors hold

  --config FILE      the configuration; default: NEARPORT_CONFIG, then ./nearport.json
  --claim MIRROR-ID  takes over that mirror's bucket although there are objects in it
  --dry-run          says what would be done, and writes nothing
  --json             the same as JSON

Exit code: 0 all is right, 1 a mirror does not serve, or something is wrong or was refused, 2 used wrongly.
`

/** What an action of the command is given. */
export type MirrorsCall = {
  readonly config: Config
  readonly deps: MirrorsDeps
  /** Arguments after the action's name. */
  readonly rest: readonly string[]
  readonly claim: string | undefined
  readonly dryRun: boolean
  readonly json: boolean
  readonly out: Terminal['out']
}

type Action = {
  readonly run: (call: MirrorsCall) => Promise<ExitCode>
  readonly flags: readonly string[]
  /** What its arguments are, if it takes any. */
  readonly takes: 'mirrors' | 'generation' | 'nothing'
}

const actions: Readonly<Record<string, Action>> = {
  list: { run: listMirrors, flags: [], takes: 'nothing' },
  create: { run: createMirrors, flags: ['claim', 'dry-run'], takes: 'mirrors' },
  check: { run: checkMirrors, flags: [], takes: 'mirrors' },
  generations: { run: listIndexes, flags: [], takes: 'nothing' },
  rollback: { run: rollback, flags: ['dry-run'], takes: 'generation' },
  release: { run: release, flags: ['dry-run'], takes: 'nothing' },
}

/** A person waits for these. */
const patience = { tries: 2, firstPauseMs: 300, longestPauseMs: 3000, deadlineMs: 20_000 }

/** `nearport mirrors`: see its help. */
export const mirrors: Command = {
  help,
  async run(args, terminal) {
    const { flags, rest: words } = parseFlags(args, {
      config: 'string',
      claim: 'string',
      'dry-run': 'boolean',
      json: 'boolean',
    })
    const [name = 'list', ...rest] = words
    const action = Object.hasOwn(actions, name) ? actions[name]! : undefined
    if (action === undefined) {
      const known = Object.keys(actions).join(', ')
      throw new UsageError(`mirrors ${name} is not an action: wanted one of ${known}`)
    }
    for (const flag of ['claim', 'dry-run'] as const) {
      if (flags[flag] !== undefined && !action.flags.includes(flag)) {
        throw new UsageError(`mirrors ${name} takes no --${flag}`)
      }
    }
    const config = await loadConfig(flags.config, terminal.env)
    if (config === undefined) {
      throw new UsageError('mirrors wants a configuration: --config FILE, or ./nearport.json')
    }
    checkArguments(name, action, rest, flags.claim, config)

    const { env, stop, out, err } = terminal
    const dispatcher = new Agent({ connect: { timeout: 10_000 } })
    const recorder = createRecorder({ now: Date.now, record: () => {} })
    const deps = { env, stop, dispatcher, patience, recorder, now: Date.now }
    const settings = { claim: flags.claim, dryRun: flags['dry-run'] === true }
    try {
      const code = await action.run({
        config,
        deps,
        rest,
        ...settings,
        json: flags.json === true,
        out,
      })
      for (const { subject, message } of recorder.problems) {
        err(`nearport mirrors: ${printable(`${subject}: ${message}`)}\n`)
      }
      return recorder.problems.length > 0 ? 1 : code
    } finally {
      await dispatcher.destroy()
    }
  },
}

function checkArguments(
  name: string,
  { takes }: Action,
  rest: readonly string[],
  claim: string | undefined,
  config: Config,
): void {
  const ids = config.mirrors.map(({ id }) => id)
  if (ids.length === 0) throw new UsageError('the configuration names no mirrors')
  if (claim !== undefined && !ids.includes(claim)) {
    throw new UsageError(`--claim wants one of ${ids.join(', ')}, and got ${claim}`)
  }
  if (takes === 'mirrors') {
    const unknown = rest.find((each) => !ids.includes(each))
    if (unknown === undefined) return
    throw new UsageError(`mirrors ${name} wants some of ${ids.join(', ')}, and got ${unknown}`)
  }
  if (takes === 'nothing' && rest.length > 0) {
    throw new UsageError(`mirrors ${name} takes no argument, and got ${rest.join(' ')}`)
  }
  if (takes === 'generation' && (rest.length > 1 || !/^(?:\d{1,15})?$/.test(rest[0] ?? ''))) {
    throw new UsageError(`mirrors ${name} wants one generation, and got ${rest.join(' ')}`)
  }
}
