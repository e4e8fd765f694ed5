import { html } from 'hono/html'
import type { Markup } from './figures.ts'
import { ageText, dateText, isoText } from './moments.ts'
import type { View } from './view.ts'

/** How old the documents are that say which addresses are whose. */
export function addressRanges({ report: { ranges }, nowMs }: View): Markup {
  return html`<section id="ranges" aria-labelledby="ranges-head">
    <h2 id="ranges-head">Address ranges</h2>
    ${
      ranges.length === 0
        ? html`<p class="empty">None of the documents in use has a date.</p>`
        : html`<table>
            <caption>
              The clouds' own documents of their addresses. Clients in newer ranges are nowhere
              known.
            </caption>
            <thead>
              <tr>
                <th scope="col">Cloud</th>
                <th scope="col" class="number">Made on</th>
                <th scope="col" class="number">Age</th>
              </tr>
            </thead>
            <tbody>
              ${ranges.map(
                ({ cloud, dateMs }) =>
                  html`<tr>
                    <th scope="row">${cloud}</th>
                    <td class="number">
                      <time datetime="${isoText(dateMs)}">${dateText(dateMs)}</time>
                    </td>
                    <td class="number">${ageText(nowMs - dateMs)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
  </section>`
}
