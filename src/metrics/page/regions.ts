import { html } from 'hono/html'
import type { Way } from './chart.ts'
import { showWay, wayBar } from './chart.ts'
import type { Markup } from './figures.ts'
import { countedText, percentText, showBytes, showDollars } from './figures.ts'
import type { Measure } from './measure.ts'
import { bothWays, isUnsized, measureOf } from './measure.ts'
import { periodPhrase } from './period-words.ts'
import type { RegionRow } from './region-rows.ts'
import { regionRows } from './region-rows.ts'
import type { View } from './view.ts'

/** Where the clients are: a bar for each region, and beside it what it stands for. */
export function regions({ period }: View): Markup {
  const rows = regionRows(period.locations)
  const measure = measureOf(rows)
  const longest = Math.max(0, ...rows.map((row) => bothWays(row[measure])))
  const when = periodPhrase(period)
  return html`<section id="regions" aria-labelledby="regions-head">
    <h2 id="regions-head">By region</h2>
    ${
      rows.length === 0
        ? html`<p class="empty">No blob was pulled ${when}.</p>`
        : html`<table class="regions">
            <caption>
              Where clients pulled from ${when}, and what that saved and cost.
            </caption>
            <thead>
              <tr>
                <th scope="col">Clients in</th>
                <th scope="col" class="number">
                  ${showWay('mirror')} <span class="money">saved</span>
                </th>
                <th scope="col" class="number">
                  ${showWay('upstream')} <span class="money">cost</span>
                </th>
              </tr>
            </thead>
            <tbody>
              ${rows.map((row) => showRow(row, measure, longest))}
            </tbody>
          </table>`
    }
  </section>`
}

function showRow(row: RegionRow, measure: Measure, longest: number): Markup {
  const ways = row[measure]
  const share = `${percentText(ways.mirror, bothWays(ways))} from mirrors`
  return html`<tr>
    <th scope="row">${row.name} ${wayBar(ways, longest, 12, share)}</th>
    <td class="number">${showAmount(row, 'mirror')} <span class="money">${savedOf(row)}</span></td>
    <td class="number">${showAmount(row, 'upstream')} <span class="money">${costOf(row)}</span></td>
  </tr>`
}

/** Bytes, or pulls where nobody knows what they read. */
function showAmount(row: RegionRow, way: Way): Markup {
  return isUnsized(row, way)
    ? html`${countedText(row.requests[way], 'pull')}`
    : showBytes(row.bytes[way])
}

function savedOf(row: RegionRow): Markup | undefined {
  if (isUnsized(row, 'mirror')) return html`not known`
  return row.money.saved === 0n ? undefined : showDollars(row.money.saved)
}

function costOf(row: RegionRow): Markup | undefined {
  const { spent, unpricedBytes } = row.money
  if (isUnsized(row, 'upstream')) return html`not known`
  if (unpricedBytes > 0) return html`no price`
  return spent.upstream === 0n ? undefined : showDollars(spent.upstream)
}
