import { html } from 'hono/html'
import type { MoneyReport, PeriodReport } from '../report.ts'
import type { Way } from './chart.ts'
import { showWay, wayBar } from './chart.ts'
import type { Markup } from './figures.ts'
import { percentText, showBytes, showCount, showDollars } from './figures.ts'
import { bothWays, isUnsized, measureOf } from './measure.ts'
import { periodPhrase } from './period-words.ts'

/** What went by either way in a period, and its cost; what nobody knows is not said to be zero. */
export function figuresTable(period: PeriodReport): Markup {
  const { bytes, requests, money, moneyAMonth } = period
  const measure = measureOf([period])
  const ways = period[measure]
  const units = measure === 'bytes' ? 'bytes' : 'pulls'
  const share = `${percentText(ways.mirror, bothWays(ways))} of ${units} from mirrors`
  const cost = ({ spent, unpricedBytes }: MoneyReport, way: Way) =>
    isUnsized(period, way) || (spent[way] === 0n && unpricedBytes > 0)
      ? 'not known'
      : showDollars(spent[way])
  return html`${wayBar(ways, bothWays(ways), 18, share)}
    <table>
      <caption>
        What was pulled ${periodPhrase(period)}.
      </caption>
      <thead>
        <tr>
          <td></td>
          <th scope="col" class="number">${showWay('mirror')}</th>
          <th scope="col" class="number">${showWay('upstream')}</th>
        </tr>
      </thead>
      <tbody>
        ${showRow('Bytes', (way) => (isUnsized(period, way) ? 'not known' : showBytes(bytes[way])))}
        ${showRow('Share of bytes', (way) =>
          bothWays(bytes) === 0 ? 'not known' : percentText(bytes[way], bothWays(bytes)),
        )}
        ${showRow('Pulls of blobs', (way) => showCount(requests[way]))}
        ${showRow('Share of pulls', (way) => percentText(requests[way], bothWays(requests)))}
        ${showRow('Cost', (way) => cost(money, way))}
        ${showRow('Cost a month', (way) => cost(moneyAMonth, way))}
      </tbody>
    </table>`
}

function showRow(name: string, cell: (way: Way) => Markup | string): Markup {
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="number">${cell('mirror')}</td>
    <td class="number">${cell('upstream')}</td>
  </tr>`
}
