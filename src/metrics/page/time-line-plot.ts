import { html } from 'hono/html'
import { bytesText } from '../../core/bytes-text.ts'
import type { Report } from '../report.ts'
import { percentOf, wayFills } from './chart.ts'
import type { Markup } from './figures.ts'
import { countText } from './figures.ts'
import type { Measure } from './measure.ts'
import { bothWays, measureText } from './measure.ts'
import { clockText } from './moments.ts'
import type { TimeSlot } from './time-slots.ts'
import { axisEnd, dayMarks, shareOfDay } from './time-slots.ts'

const height = 190
/** Where the bars begin and end, in pixels from the top. */
const [plotTop, plotEnd] = [8, 164]

/** Draws slots of the day that ends with the report, both ways on top of each other. */
export function timeLinePlot(slots: readonly TimeSlot[], measure: Measure, report: Report): Markup {
  const endMs = report.madeAtMs
  const top = axisEnd(Math.max(...slots.map((slot) => bothWays(slot[measure]))))
  const busiest = slots.reduce((a, b) => (bothWays(b[measure]) > bothWays(a[measure]) ? b : a))
  return html`<svg
    class="plot"
    width="100%"
    height="${height}"
    role="img"
    aria-labelledby="time-line-name"
    aria-describedby="time-line-story"
  >
    <title id="time-line-name">What was pulled in the last day, a quarter of an hour each</title>
    <desc id="time-line-story">
      Most in one quarter: ${slotText(busiest, measure)}. The table below has all of them.
    </desc>
    ${beforeStart(report)}
    ${[1, 0.5].map((share) => gridLine(share, axisText(top * share, measure)))}
    ${slots.map((slot) => drawSlot(slot, measure, top, endMs))} ${gridLine(0, '0')}
    ${dayMarks(endMs).map((ms) => markOfDay(ms, endMs))}
  </svg>`
}

function drawSlot(slot: TimeSlot, measure: Measure, top: number, dayEndMs: number): Markup {
  const from = shareOfDay(slot.startMs, dayEndMs)
  const x = percentOf(from, 1)
  const width = percentOf(shareOfDay(slot.endMs, dayEndMs) - from, 1)
  const [home, left] = [slot[measure].mirror / top, slot[measure].upstream / top]
  return html`<g>
    <title>${slotText(slot, measure)}</title>
    <rect
      class="reach"
      fill="transparent"
      x="${x}"
      y="${plotTop}"
      width="${width}"
      height="${plotEnd - plotTop}"
    />
    <rect
      class="mirror"
      fill="${wayFills.mirror}"
      x="${x}"
      y="${yOf(home)}"
      width="${width}"
      height="${lengthOf(home)}"
    />
    <rect
      class="upstream"
      fill="${wayFills.upstream}"
      x="${x}"
      y="${yOf(home + left)}"
      width="${width}"
      height="${lengthOf(left)}"
    />
  </g>`
}

/** A service that is younger than a day says since when it knows anything. */
function beforeStart({ periods, madeAtMs }: Report): Markup | undefined {
  const { lengthMs } = periods.find(({ period }) => period === 'start')!
  const share = shareOfDay(madeAtMs - lengthMs, madeAtMs)
  if (share === 0) return undefined
  const plotHeight = plotEnd - plotTop
  return html`<rect
      class="before"
      x="0"
      y="${plotTop}"
      width="${percentOf(share, 1)}"
      height="${plotHeight}"
    />
    ${
      share > 0.3
        ? html`<text
            x="${percentOf(share / 2, 1)}"
            y="${plotTop + plotHeight / 4}"
            text-anchor="middle"
            >before the start</text
          >`
        : undefined
    }`
}

function gridLine(share: number, label: string): Markup {
  const y = yOf(share)
  return html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}" />
    <text x="-8" y="${y + 4}" text-anchor="end">${label}</text>`
}

function markOfDay(ms: number, endMs: number): Markup {
  const share = shareOfDay(ms, endMs)
  const x = percentOf(share, 1)
  // A text that is centred at an edge would be cut off.
  const anchor = share < 0.06 ? 'start' : share > 0.94 ? 'end' : 'middle'
  return html`<line class="grid" x1="${x}" x2="${x}" y1="${plotEnd}" y2="${plotEnd + 5}" />
    <text x="${x}" y="${plotEnd + 19}" text-anchor="${anchor}">${clockText(ms)}</text>`
}

/** It stands in the margin, which is narrow. */
function axisText(amount: number, measure: Measure): string {
  return measure === 'bytes' ? bytesText(amount) : countText(amount)
}

/** Pixels from the top, of a share of the axis. */
function yOf(share: number): number {
  return Math.round((plotEnd - share * (plotEnd - plotTop)) * 10) / 10
}

function lengthOf(share: number): number {
  return Math.round(share * (plotEnd - plotTop) * 10) / 10
}

function slotText(slot: TimeSlot, measure: Measure): string {
  const { mirror, upstream } = slot[measure]
  const time = `${clockText(slot.startMs)} to ${clockText(slot.endMs)} UTC`
  return `${time}: ${measureText(mirror, measure)} from mirrors, ${measureText(upstream, measure)} from the upstream`
}
