import { bytesText } from '../../core/bytes-text.ts'
import type { PeriodReport } from '../report.ts'
import { countText, countedText } from './figures.ts'
import { bothWays } from './measure.ts'

/** What the figures of a period leave out, in sentences; none where they leave out nothing. */
export function periodNotes({ bytes, requests, unsized, money }: PeriodReport): readonly string[] {
  const [pulls, allBytes] = [bothWays(requests), bothWays(bytes)]
  const notes: string[] = []
  if (unsized > 0 && unsized === pulls) {
    notes.push(
      'Nobody knows how much these pulls read, so no bytes and no dollars are counted. Sizes are in an index: "presence": "index" has one.',
    )
  } else if (unsized > 0) {
    notes.push(
      `Nobody knows how much ${countText(unsized)} of ${countedText(pulls, 'pull')} read: they are in no bytes and no dollars.`,
    )
  }
  if (money.unpricedBytes > 0) {
    const part = money.unpricedBytes >= allBytes ? 'These bytes' : bytesText(money.unpricedBytes, 3)
    notes.push(
      `${part} have no known price and are in no dollars. Where an upstream is ("cloud", "region") tells its price, and "prices" gives one of your own.`,
    )
  }
  return notes
}
