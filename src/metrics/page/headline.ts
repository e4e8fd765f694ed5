import { bytesText } from '../../core/bytes-text.ts'
import { formatDollars } from '../../core/money.ts'
import type { PeriodReport } from '../report.ts'
import { countText, percentText } from './figures.ts'
import { bothWays } from './measure.ts'
import { periodPhrase } from './period-words.ts'

/** How much it saved, in a few words, and the sentence that goes on from there. */
export type Headline = {
  readonly big: string
  readonly rest: string
  readonly tone: 'good' | 'bad' | 'none'
}

/**
 * Says what a period comes to. In dollars where there are prices, else in bytes, else in pulls:
 * what nobody knows is never said to be zero.
 */
export function headlineOf(period: PeriodReport): Headline {
  const { bytes, requests, money } = period
  const when = periodPhrase(period)
  const pulls = bothWays(requests)
  if (pulls === 0) return { big: 'Nothing pulled', rest: when, tone: 'none' }

  const allBytes = bothWays(bytes)
  if (allBytes === 0) {
    return {
      big: `${percentText(requests.mirror, pulls)} of pulls stayed home`,
      rest: `${when}, ${countText(requests.mirror)} of ${countText(pulls)}`,
      tone: requests.mirror > 0 ? 'good' : 'none',
    }
  }
  const share = percentText(bytes.mirror, allBytes)
  const all = bytesText(allBytes, 3)
  if (money.unpricedBytes >= allBytes) {
    return {
      big: `${share} stayed home`,
      rest: `of ${all} ${when}`,
      tone: bytes.mirror > 0 ? 'good' : 'none',
    }
  }
  const why = `${share} of ${all} stayed home`
  if (money.saved < 0n) {
    const more = formatDollars(-money.saved)
    return { big: `${more} more spent`, rest: `than without mirrors ${when}: ${why}`, tone: 'bad' }
  }
  return money.saved === 0n
    ? { big: 'Nothing saved', rest: `${when}: ${why}`, tone: 'none' }
    : { big: `${formatDollars(money.saved)} saved`, rest: `${when}: ${why}`, tone: 'good' }
}
