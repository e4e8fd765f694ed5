import { html } from 'hono/html'
import type { Period } from '../traffic-record.ts'
import { periods } from '../traffic-record.ts'
import { addressRanges } from './address-ranges.ts'
import { chartDefinitions } from './chart.ts'
import type { Answer, Question } from './explain-box.ts'
import { explainBox } from './explain-box.ts'
import type { Markup } from './figures.ts'
import { headlineOf } from './headline.ts'
import { missedSavings } from './missed.ts'
import { mirrors } from './mirrors.ts'
import { isoText } from './moments.ts'
import { periodNames } from './period-words.ts'
import { regions } from './regions.ts'
import { repositories } from './repositories.ts'
import { summary } from './summary.ts'
import { timeLine } from './time-line.ts'
import type { View } from './view.ts'

/** A page, whole. Addresses in it are relative, so that it may stand behind any prefix. */
export type Page = {
  readonly view: View
  readonly version: string
  readonly asked?: { readonly question: Question; readonly answer: Answer }
}

/**
 * Writes the page. The script brings what is in `#live` and `#as-of` up to date, and leaves the
 * rest.
 */
export function showPage({ view, version, asked }: Page): Markup {
  const { period, report } = view
  const { big, rest } = headlineOf(period)
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${big} ${rest} · nearport</title>
        <link rel="icon" href="${icon}" />
        <link rel="stylesheet" href="./page.css" />
        <script src="./page.js" type="module"></script>
      </head>
      <body data-period="${period.period}">
        <a class="skip" href="#main">Skip to the figures</a>
        ${chartDefinitions()}
        <header>
          <p class="name">${logo()} nearport <span class="version">${version}</span></p>
          ${periodLinks(period.period)}
          <div class="fresh">
            <p id="as-of">
              As of
              <time datetime="${isoText(report.madeAtMs)}"
                >${isoText(report.madeAtMs).slice(11, 19)} UTC</time
              >
            </p>
            <p id="status" role="status"></p>
            <button type="button" id="pause">Pause</button>
          </div>
        </header>
        <main id="main" tabindex="-1">
          <div id="live">
            ${summary(view)} ${timeLine(view)}
            <div class="columns">
              <div class="column">${missedSavings(view)} ${mirrors(view)}</div>
              <div class="column">
                ${regions(view)} ${repositories(view)} ${addressRanges(view)}
              </div>
            </div>
          </div>
          ${explainBox(period.period, asked)}
        </main>
        ${footer()}
      </body>
    </html>`
}

function periodLinks(chosen: Period): Markup {
  return html`<nav aria-label="Period">
    <ul>
      ${periods.map(
        (period) =>
          html`<li>
            <a href="./?period=${period}" ${period === chosen ? html` aria-current="true"` : ''}
              >${periodNames[period]}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`
}

function footer(): Markup {
  return html`<footer>
    <p>
      Bytes are what clients were sent to read, by the sizes in the index and the part of a blob
      they asked for. Dollars are list prices, before any discount. Times are in UTC.
    </p>
    <ul>
      <li><a href="./report.json">This as JSON</a></li>
      <li><a href="./metrics">Metrics for Prometheus</a></li>
      <li><a href="./readyz">Readiness</a></li>
    </ul>
  </footer>`
}

/** An arrow that turns round before it leaves its ring. */
function logo(): Markup {
  return html`<svg
    class="logo"
    width="20"
    height="20"
    viewBox="0 0 20 20"
    aria-hidden="true"
    focusable="false"
  >
    <circle cx="10" cy="10" r="8" fill="none" stroke="currentColor" stroke-width="2.5" />
    <circle cx="10" cy="10" r="3.25" fill="currentColor" />
  </svg>`
}

// A request for /favicon.ico would be one more failure in every browser's log.
const icon =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'><circle cx='10' cy='10' r='8' fill='none' stroke='%230a7a70' stroke-width='2.5'/><circle cx='10' cy='10' r='3.25' fill='%230a7a70'/></svg>"
