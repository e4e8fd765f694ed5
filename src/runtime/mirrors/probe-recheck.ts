import type { Config } from '../../config.ts'
import type { MirrorLostEvent } from '../../core/event.ts'
import type { Probe } from '../../proxy/probe.ts'

/**
 * Asks mirrors again, every few seconds, for what they were known to hold. Returns the function
 * that ends it.
 */
export function startRechecking(
  probe: Probe,
  { recheckSeconds }: Config['probe'],
  now: () => number,
  record: (event: MirrorLostEvent) => void,
): () => void {
  let checking = false
  const recheck = async () => {
    if (checking) return
    checking = true
    for (const mirror of await probe.recheck())
      record({ event: 'mirror-lost', timeMs: now(), mirror })
    checking = false
  }
  const timer = setInterval(() => void recheck(), recheckSeconds * 1000)
  timer.unref()
  return () => clearInterval(timer)
}
