import { html } from 'hono/html'
import type { RangesFigures } from '../state-metrics.ts'
import type { Markup } from './figures.ts'
import { ageText, dateText, isoText, showAge } from './moments.ts'
import type { View } from './view.ts'

/** How old the documents are that say which addresses are whose, and what came of the last look. */
export function addressRanges({ report: { ranges }, nowMs }: View): Markup {
  return html`<section id="ranges" aria-labelledby="ranges-head">
    <h2 id="ranges-head">Address ranges</h2>
    ${
      ranges.length === 0
        ? html`<p class="empty">
            No document of addresses is in use: every client is nowhere known.
          </p>`
        : html`<table>
            <caption>
              The clouds' own documents of their addresses. Clients in newer ranges are nowhere
              known.
            </caption>
            <thead>
              <tr>
                <th scope="col">Cloud</th>
                <th scope="col">From</th>
                <th scope="col" class="number">Made on</th>
                <th scope="col" class="number">Age</th>
              </tr>
            </thead>
            <tbody>
              ${ranges.map((document) => showDocument(document, nowMs))}
            </tbody>
          </table>`
    }
  </section>`
}

function showDocument(document: RangesFigures, nowMs: number): Markup {
  const { cloud, dateMs, from } = document
  return html`<tr>
    <th scope="row">${cloud} ${lastLook(document, nowMs)}</th>
    <td>${from === undefined ? 'not fetched' : new URL(from).host}</td>
    ${
      dateMs === undefined
        ? html`<td class="number">not known</td>
            <td class="number">not known</td>`
        : html`<td class="number">
              <time datetime="${isoText(dateMs)}">${dateText(dateMs)}</time>
            </td>
            <td class="number">${ageText(nowMs - dateMs)}</td>`
    }
  </tr>`
}

/** Told by words and a mark as well as by colour. */
function lastLook(document: RangesFigures, nowMs: number): Markup | undefined {
  const { lookedAtMs, outcome, problems = [] } = document
  if (lookedAtMs === undefined || outcome === undefined) return undefined
  const isGood = problems.length === 0
  return html`<span class="health ${isGood ? 'good' : 'bad'}"
    ><span aria-hidden="true">${isGood ? '✓' : '✕'}</span> ${outcome},
    ${showAge(lookedAtMs, nowMs)}${isGood ? undefined : html`: ${problems.join('; ')}`}</span
  >`
}
