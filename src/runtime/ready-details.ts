import type { Config } from '../config.ts'
import type { AddressTable } from '../core/address-table.ts'
import type { IndexKeeper } from '../proxy/index-keeper.ts'
import type { MirrorState } from './mirrors/mirror-health.ts'

/** What `readyz` tells beside its verdict; `nowMs` is in milliseconds since 1970. */
export function readyDetails(
  config: Config,
  table: Pick<AddressTable, 'sources'>,
  keeper: IndexKeeper | undefined,
  nowMs: number,
  mirrors?: readonly MirrorState[],
): Readonly<Record<string, unknown>> {
  const index = keeper?.state()
  const ageSeconds = index && Math.round((nowMs - index.checkedAtMs) / 1000)
  return {
    presence: config.presence,
    index: index && {
      ...index,
      ageSeconds,
      stale: ageSeconds !== undefined && ageSeconds > config.index.staleAfterSeconds,
    },
    ranges: table.sources,
    ...(mirrors !== undefined && { mirrors }),
  }
}
