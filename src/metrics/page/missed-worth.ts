import { bytesText } from '../../core/bytes-text.ts'
import type { MissedSaving } from '../../core/missed-savings.ts'
import { formatDollars } from '../../core/money.ts'
import { countedText } from './figures.ts'

/** Whether an advice is known to save more than it costs. */
export function paysOff({ savesAMonth }: MissedSaving): boolean {
  return savesAMonth !== undefined && savesAMonth > 0n
}

/** Whether something may be gained: what costs nothing, or would cost no less, is none of it. */
export function mayPayOff(missed: MissedSaving): boolean {
  const { costAMonth, savesAMonth } = missed
  return paysOff(missed) || (savesAMonth === undefined && costAMonth !== 0n)
}

/** What it would save a month, or why nobody can say. */
export function worthText(missed: MissedSaving): { readonly big: string; readonly rest: string } {
  const { costAMonth: cost, savesAMonth: saves } = missed
  if (cost === undefined) {
    const isUnsized = missed.bytes === 0 && missed.estimatedBytes === 0
    const why = isUnsized ? 'nobody knows how much was read' : 'no price is known'
    return { big: 'Cost unknown', rest: why }
  }
  if (saves === undefined) {
    return {
      big: `Costs ${formatDollars(cost)} a month`,
      rest: 'what would be left of it is not known',
    }
  }
  if (saves > 0n) {
    return {
      big: `Saves ${formatDollars(saves)} a month`,
      rest: `of ${formatDollars(cost)} that it costs now`,
    }
  }
  if (saves === 0n) return { big: 'Saves nothing', rest: `it costs ${formatDollars(cost)} a month` }
  return {
    big: `Does not pay`,
    rest: `it costs ${formatDollars(cost)} a month now, and would cost ${formatDollars(-saves)} more`,
  }
}

/** How much went that way, and how much more is reckoned to have. */
export function amountText({
  bytes,
  estimatedBytes,
  requests,
  unsized,
  mirror,
}: MissedSaving): string {
  const from = mirror === undefined ? 'from the upstream' : `from ${mirror}`
  const known = `${bytesText(bytes, 3)} ${from} in ${countedText(requests - unsized, 'pull')}`
  const unknown = countedText(unsized, 'pull')
  const estimate =
    estimatedBytes > 0 ? `an estimated ${bytesText(estimatedBytes, 3)}` : 'an unknown amount'
  if (unsized === 0) return known
  return unsized === requests
    ? `${estimate} ${from} in ${unknown}`
    : `${known}, and ${estimate} in ${unknown} more`
}

/** What finds an entry on the page, whatever place it has in the list. */
export function missedId({ reason, location, mirror }: MissedSaving): string {
  return ['missed', reason, location, ...(mirror === undefined ? [] : [mirror])].join('-')
}
