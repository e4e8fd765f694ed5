import type { Config } from '../config.ts'
import { readRanges } from '../runtime/ranges.ts'
import { createPolicy } from '../runtime/policy.ts'
import type { Paying } from '../sync/survey.ts'
import type { Traffic } from '../sync/traffic/traffic.ts'
import { readTraffic } from '../sync/traffic/traffic.ts'
import { counted } from './sync-counted.ts'

/**
 * Reads what was pulled, where a mirror holds what pays; undefined where none does. `say` is told
 * what of it could not be used. Throws LogError for a file that cannot be believed.
 */
export async function loadPaying(
  config: Config,
  say: (text: string) => void,
): Promise<Paying | undefined> {
  if (!config.mirrors.some(({ holds }) => holds === 'what-pays')) return undefined
  const { locate } = await readRanges(config.ranges)
  const traffic = await readTraffic(config.sync.traffic, locate)
  for (const text of doubts(traffic)) say(text)
  return { traffic, prices: config.prices, route: createPolicy(config).route }
}

/** Why more may have been pulled than is known. */
function doubts({ lines, notUnderstood, sample, lost }: Traffic): readonly string[] {
  const leftOut = `of ${counted(lines, 'line')} ${notUnderstood} not understood and left out`
  return [
    ...(notUnderstood === 0 ? [] : [`sync.traffic: ${leftOut}; the first is ${sample}`]),
    ...(lost === 0
      ? []
      : [`sync.traffic: ${counted(lost, 'event')} lost before they were written`]),
  ]
}
