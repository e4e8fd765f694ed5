import { html } from 'hono/html'
import type { Busy } from '../../core/busiest.ts'
import type { Markup } from './figures.ts'
import { countText, countedText, showBytes } from './figures.ts'
import { periodPhrase } from './period-words.ts'
import type { View } from './view.ts'

/** What is pulled most. */
export function repositories({ period }: View): Markup {
  const when = periodPhrase(period)
  return html`<section id="repositories" aria-labelledby="repositories-head">
    <h2 id="repositories-head">Busiest repositories</h2>
    ${
      period.repositories.length === 0
        ? html`<p class="empty">No blob was pulled ${when}.</p>`
        : html`<table>
            <caption>
              Repositories by the bytes that were pulled of them ${when}, by either way.
            </caption>
            <thead>
              <tr>
                <th scope="col">Repository</th>
                <th scope="col" class="number">Pulls</th>
                <th scope="col" class="number">Bytes</th>
              </tr>
            </thead>
            <tbody>
              ${period.repositories.map(showRepository)}
            </tbody>
          </table>`
    }
  </section>`
}

function showRepository({ name, requests, bytes, unsized }: Busy): Markup {
  const isUnknown = bytes === 0 && unsized > 0
  return html`<tr>
    <th scope="row">${name}</th>
    <td class="number">${countText(requests)}</td>
    <td class="number">
      ${isUnknown ? 'not known' : showBytes(bytes)}
      ${unsized > 0 && !isUnknown ? html`<span class="money">without ${countedText(unsized, 'pull')}</span>` : undefined}
    </td>
  </tr>`
}
