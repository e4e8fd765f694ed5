import type { PeriodReport } from '../report.ts'
import type { Period } from '../traffic-record.ts'
import { ageText } from './moments.ts'

const hourMs = 3_600_000

/** A period as a link says it. */
export const periodNames: Readonly<Record<Period, string>> = {
  hour: 'Last hour',
  day: 'Last day',
  start: 'Since start',
}

const namedMs: Readonly<Record<Period, number>> = {
  hour: hourMs,
  day: 24 * hourMs,
  start: Infinity,
}

/** When something was, in a sentence. A service that is younger than the period says its age. */
export function periodPhrase({
  period,
  lengthMs,
}: Pick<PeriodReport, 'period' | 'lengthMs'>): string {
  if (lengthMs < namedMs[period]) return `since the start ${ageText(lengthMs)} ago`
  return period === 'hour' ? 'in the last hour' : 'in the last day'
}
