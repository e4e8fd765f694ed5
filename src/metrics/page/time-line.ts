import { html } from 'hono/html'
import type { Way } from './chart.ts'
import { chartLegend, showWay } from './chart.ts'
import type { Markup } from './figures.ts'
import { showBytes, showCount } from './figures.ts'
import { bothWays, isUnsized, measureOf } from './measure.ts'
import { clockText, dateText, isoText } from './moments.ts'
import { timeLinePlot } from './time-line-plot.ts'
import type { TimeSlot } from './time-slots.ts'
import { timeSlots } from './time-slots.ts'
import type { View } from './view.ts'

/** The last day, a bar a quarter of an hour, and the same in a table. */
export function timeLine({ report }: View): Markup {
  const slots = timeSlots(report).filter(({ requests }) => bothWays(requests) > 0)
  const measure = measureOf(slots)
  return html`<section id="time-line" aria-labelledby="time-line-head">
    <div class="head">
      <h2 id="time-line-head">
        The last day${slots.length > 0 && measure === 'requests' ? ', in pulls' : ''}
      </h2>
      ${chartLegend()}
    </div>
    ${
      slots.length === 0
        ? html`<p class="empty">No blob was pulled in the last day.</p>`
        : [timeLinePlot(slots, measure, report), tableOfSlots(slots)]
    }
  </section>`
}

function tableOfSlots(slots: readonly TimeSlot[]): Markup {
  return html`<details id="time-line-table">
    <summary>The same as a table</summary>
    <table>
      <caption>
        Blobs pulled in the last day, the newest quarter of an hour first; those without a pull are
        left out.
      </caption>
      <thead>
        <tr>
          <th scope="col">Until (UTC)</th>
          <th scope="col" class="number">${showWay('mirror')}</th>
          <th scope="col" class="number">${showWay('upstream')}</th>
          <th scope="col" class="number">Pulls</th>
        </tr>
      </thead>
      <tbody>
        ${slots.toReversed().map(rowOfSlot)}
      </tbody>
    </table>
  </details>`
}

function rowOfSlot(slot: TimeSlot): Markup {
  const { endMs, bytes, requests } = slot
  const amount = (way: Way) => (isUnsized(slot, way) ? 'not known' : showBytes(bytes[way]))
  return html`<tr>
    <th scope="row">
      <time datetime="${isoText(endMs)}">${dateText(endMs)} ${clockText(endMs)}</time>
    </th>
    <td class="number">${amount('mirror')}</td>
    <td class="number">${amount('upstream')}</td>
    <td class="number">${showCount(bothWays(requests))}</td>
  </tr>`
}
