import cluster from 'node:cluster'
import type { Config } from '../../config.ts'
import type { ServiceEvent } from '../../core/event.ts'
import type { ClientsPort } from '../http/clients-port.ts'
import { lastRequestsMs, openClientsPort } from '../http/clients-port.ts'
import { createLog } from '../log.ts'
import { createPartsInUse } from '../parts-in-use.ts'
import type { FromWorker, ReadText, ToWorker } from './messages.ts'

/**
 * What a process that answers clients tells: its requests, and what only who answers them finds out.
 * The rest (index, ranges, mirrors that are out, …) the primary sees for itself, and tells once.
 */
const told: ReadonlySet<ServiceEvent['event']> = new Set(['request', 'mirror-lost', 'certificate'])

/**
 * Answers clients in this process, as the primary that has forked it says: the whole of nearport but
 * for what operators see. Events go to standard output, a pipe to the primary, which must not make a
 * client wait, as any reader of a log must not. `configOf` throws where it cannot make a configuration.
 */
export function runWorker(configOf: (read: ReadText) => Config): void {
  const log = createLog(process.stdout.fd)
  const record = (event: ServiceEvent) => {
    if (told.has(event.event)) log.write(event)
  }
  let parts: ReturnType<typeof createPartsInUse> | undefined
  let port: ClientsPort | undefined
  let isDiscouraged = false

  const discourage = () => {
    isDiscouraged = true
    port?.discourage()
  }
  const end = async (withinMs: number) => {
    discourage()
    await port?.close(withinMs)
    await log.end()
    process.exit()
  }
  const prepare = async (read: ReadText) => {
    const config = shareOf(configOf(read), read.of)
    if (parts !== undefined) {
      await parts.take(config)
      return tell({ kind: 'took' })
    }
    parts = createPartsInUse(config, { record, env: process.env })
    const started = parts.start()
    port = await openClientsPort({ parts: parts.current, config, started, record })
    if (isDiscouraged) port.discourage()
    return tell({ kind: 'listening' })
  }

  // One after another: who is told to take a second configuration has taken the first.
  let preparing = Promise.resolve()
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'close') void end(message.withinMs)
    else if (message.kind === 'discourage') discourage()
    else {
      if (message.kind === 'start' && message.discouraged) discourage()
      preparing = preparing.then(() => prepare(message.read)).catch(fail)
    }
  })
  // Without its primary it is nobody's, and nobody would read that it drains: it ends what is under way.
  // Node would break that off, unless a worker has left by itself.
  cluster.worker!.on('disconnect', () => {
    cluster.worker!.exitedAfterDisconnect = true
    void end(lastRequestsMs)
  })
}

/** What an instance may spend is spent by all of its processes together. */
export function shareOf(config: Config, of: number): Config {
  const { dollarsAnHour } = config.health
  if (dollarsAnHour === undefined) return config
  return { ...config, health: { ...config.health, dollarsAnHour: dollarsAnHour / of } }
}

function tell(message: FromWorker): void {
  // It fails where the primary is gone, of which we are told otherwise.
  process.send!(message, undefined, undefined, () => {})
}

function fail({ message }: Error): void {
  process.send!({ kind: 'failed', message }, undefined, undefined, () => process.exit(1))
}
