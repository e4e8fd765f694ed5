import { createServer } from 'node:net'
import type { Config } from '../../config.ts'
import { loadBundledTable } from '../../ranges/bundled.ts'
import { createPresence } from '../../runtime/presence.ts'
import { askAnonymously } from '../../sync/publish/anonymous.ts'
import type { listenSettings } from '../listen-settings.ts'
import type { DoctorDeps, Examination } from './examination.ts'
import { examine } from './examination.ts'

const dayMs = 86_400_000
/** What NearportRangesOld takes for old, in days. */
const oldRangesDays = 30

/** Looks at the ranges in use: how old are they? */
export function examineRanges({ now }: DoctorDeps): Promise<Examination> {
  return examine('ranges of addresses', (add, see) => {
    for (const { cloud, date } of loadBundledTable().sources) {
      if (date === null) continue
      const days = Math.floor((now() - Date.parse(date)) / dayMs)
      see(`${cloud}: of ${date.slice(0, 10)}`)
      if (days <= oldRangesDays) continue
      const fix = 'let serve refresh them (ranges.refreshSeconds), or take a newer nearport'
      add('warning', `those of ${cloud} that come with nearport are ${days} days old`, fix)
    }
  })
}

/** Looks at the index: is one published, and young enough? */
export function examineIndex(config: Config, { now }: DoctorDeps): Promise<Examination> {
  return examine('index', async (add, see) => {
    if (config.mirrors.length === 0) return see('none is needed: there are no mirrors')
    const { keeper } = createPresence(config, now)
    if (keeper === undefined) return see(`none is needed: presence is ${config.presence}`)
    const { problems } = await keeper.refresh()
    const state = keeper.state()
    // Before the first sync a store answers as one does whose index is not public.
    const fix = state === undefined ? 'nearport sync, or if it has run, ' : ''
    for (const problem of problems) add('warning', problem, `${fix}nearport mirrors check`)
    if (state === undefined) {
      return add('wrong', 'there is none: every blob comes from the upstream', 'nearport sync')
    }
    const seconds = Math.round((now() - state.checkedAtMs) / 1000)
    see(`generation ${state.generation}: ${state.blobs} blobs, checked ${seconds} s ago`)
    if (seconds > config.index.staleAfterSeconds) {
      add('warning', `no sync has confirmed it for ${seconds} s`, 'run nearport sync from cron')
    }
  })
}

/** S3 refuses signatures that are further off than this. */
const mostSkewSeconds = 15 * 60

/** Looks at the clock, beside that of the first upstream that tells its own. */
export function examineClock({ upstreams }: Config, deps: DoctorDeps): Promise<Examination> {
  return examine('clock', async (add, see) => {
    for (const { registry } of upstreams) {
      const answer = await askAnonymously('GET', `${registry}/v2/`, deps).catch(() => undefined)
      const theirs = Date.parse(answer?.header('date') ?? '')
      if (Number.isNaN(theirs)) continue
      const seconds = Math.round((deps.now() - theirs) / 1000)
      const off = `this clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'before'} that of ${registry}`
      if (Math.abs(seconds) > mostSkewSeconds) {
        return add('wrong', `${off}: stores refuse what is signed by it`, 'set the clock by NTP')
      }
      if (Math.abs(seconds) > 60) return add('warning', off, 'set the clock by NTP')
      return see('right within a minute')
    }
    see('nothing to compare it with: no upstream tells its own')
  })
}

/** Looks at the ports that serve wants. */
export function examinePorts(
  { host, port, adminHost, adminPort }: ReturnType<typeof listenSettings>,
  deps: DoctorDeps,
): readonly Promise<Examination>[] {
  const wanted = [
    ['port of clients', host, port],
    ['port of operators', adminHost, adminPort],
  ] as const
  return wanted.map(([what, on, at]) =>
    examine(`${what} ${at}`, async (add, see) => {
      const why = await whyNotListening(on, at)
      if (why === undefined) return see('free')
      const admin = `http://${adminHost.includes(':') ? `[${adminHost}]` : adminHost}:${adminPort}/readyz`
      const running = await askAnonymously('GET', admin, deps).catch(() => undefined)
      if (running?.bytes.includes('"ready"') === true) return see('taken by a nearport that runs')
      add('wrong', `it cannot be had: ${why}`, 'end what has it, or set another')
    }),
  )
}

function whyNotListening(host: string | undefined, port: number): Promise<string | undefined> {
  const server = createServer()
  return new Promise((resolve) => {
    server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}
