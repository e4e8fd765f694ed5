import type { ServiceEvent } from '../../core/event.ts'

export type HearingDeps = {
  /** Writes lines, each with its end, to the log that they all share. */
  readonly writeLines: (lines: string) => void
  /** Counts an event as if it were of this process. */
  readonly count: (event: ServiceEvent) => void
}

/**
 * Makes what hears of the lines of processes that answer clients: they go to the log as they are, and
 * their events are counted here, where metrics, report and page are made. That is all that the primary
 * does for a request, and a tenth of what the answer takes; a line made anew of its event would take
 * 2 µs more, as much as reading it.
 */
export function createHearing({ writeLines, count }: HearingDeps): (lines: string) => void {
  let certificate: string | undefined
  /** Each process takes a renewed certificate for itself, and it is one certificate. */
  const isNews = (event: ServiceEvent) => {
    if (event.event !== 'certificate') return true
    const before = certificate
    certificate = JSON.stringify({ ...event, timeMs: 0 })
    return certificate !== before
  }
  return (lines) => {
    const all = lines.slice(0, -1).split('\n')
    const news = all.filter(hearLine)
    if (news.length === all.length) writeLines(lines)
    else if (news.length > 0) writeLines(`${news.join('\n')}\n`)
  }
  function hearLine(line: string): boolean {
    const event = eventIn(line)
    if (event === undefined) return true
    const news = isNews(event)
    if (news) count(event)
    return news
  }
}

/** What a library writes to standard output is no event, and goes to the log like any. */
function eventIn(line: string): ServiceEvent | undefined {
  try {
    return JSON.parse(line) as ServiceEvent
  } catch {
    return undefined
  }
}
