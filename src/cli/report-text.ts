import { bytesText } from '../core/bytes-text.ts'
import { formatDollars, parseDollars } from '../core/money.ts'
import type { ReportJson } from '../metrics/report-json.ts'
import { printable } from './printable.ts'
import { counted } from './sync-counted.ts'

/** A report for people. */
export function reportText(report: ReportJson): string {
  const lines = [
    ...report.periods.map(periodLine),
    '',
    ...missedLines(report),
    ...mirrorLines(report),
    ...indexLines(report),
  ]
  return `${lines.map(printable).join('\n')}\n`
}

const periodWords = { hour: 'last hour', day: 'last day', start: 'since start' } as const

function periodLine(period: ReportJson['periods'][number]): string {
  const { bytes, money, moneyAMonth, unsized, lengthMs } = period
  const all = bytes.mirror + bytes.upstream
  const share = all === 0 ? '' : ` (${((bytes.mirror / all) * 100).toFixed(1)} %)`
  const unknown = unsized === 0 ? '' : `; ${counted(unsized, 'request')} of unknown size`
  const unpriced =
    money.unpricedBytes === 0 ? '' : `; ${bytesText(money.unpricedBytes)} without a known price`
  return (
    `${periodWords[period.period]} (${timeText(lengthMs)}): ` +
    `${bytesText(bytes.mirror)} of ${bytesText(all)} from mirrors${share}, ` +
    `saved ${dollars(money.saved)}, still spent ${dollars(money.spent.upstream)} on the upstream` +
    ` and ${dollars(money.spent.mirror)} on mirrors; a month at this rate: ` +
    `saved ${dollars(moneyAMonth.saved)}, spent ${dollars(moneyAMonth.spent.upstream)}` +
    `${unknown}${unpriced}`
  )
}

function missedLines({ missed, missedIn }: ReportJson): readonly string[] {
  if (missed.length === 0) return ['nothing to save was missed']
  return [
    `what would keep more, by the ${timeText(missedIn.lengthMs)} before now:`,
    ...missed.flatMap((each, at) => {
      const { reason, location, bytes, estimatedBytes, requests, costAMonth, savesAMonth } = each
      const about = estimatedBytes > 0 ? 'about ' : ''
      const size = `${about}${bytesText(bytes + estimatedBytes)} in ${counted(requests, 'request')}`
      const cost = costAMonth === null ? 'no known cost' : `${about}${dollars(costAMonth)} a month`
      const saves = savesAMonth === null ? 'not known' : `${about}${dollars(savesAMonth)} a month`
      const { text, configuration, command } = each.advice
      return [
        `${at + 1}. ${reason} ${location}: ${size}, ${cost}; would save: ${saves}`,
        `   ${text}`,
        ...(configuration === undefined || configuration === null
          ? []
          : [`   nearport.json: ${configuration}`]),
        ...(command === undefined || command === null ? [] : [`   run: ${command}`]),
      ]
    }),
  ]
}

function mirrorLines({ mirrors }: ReportJson): readonly string[] {
  return [
    '',
    ...mirrors.map(({ id, healthy, unhealthySinceMs, requests, bytes }) => {
      const since =
        unhealthySinceMs === null ? '' : ` since ${new Date(unhealthySinceMs).toISOString()}`
      const state = healthy ? 'clients are sent there' : `left out${since}`
      return `${id}: ${state}; ${counted(requests, 'hit')}, ${bytesText(bytes)}`
    }),
  ]
}

function indexLines({ index, madeAtMs }: ReportJson): readonly string[] {
  if (index === null) return []
  const age = timeText(Math.max(0, madeAtMs - index.checkedAtMs))
  return [`index: generation ${index.generation}, ${counted(index.blobs, 'blob')}, ${age} old`]
}

function dollars(exact: string): string {
  const amount = parseDollars(exact.replace('-', ''))!
  return formatDollars(exact.startsWith('-') ? -amount : amount)
}

function timeText(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return `${Math.round(ms / 1000)} s`
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
