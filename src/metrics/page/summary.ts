import { html } from 'hono/html'
import type { PeriodReport, Report } from '../report.ts'
import { figuresTable } from './figures-table.ts'
import type { Markup } from './figures.ts'
import { showDollars } from './figures.ts'
import { headlineOf } from './headline.ts'
import { bothWays } from './measure.ts'
import { mayPayOff, missedId, paysOff } from './missed-worth.ts'
import { periodNotes } from './notes.ts'
import { placeText } from './places.ts'
import type { View } from './view.ts'

/** How much it saved, what would save more, and the figures behind that. */
export function summary({ report, period }: View): Markup {
  const { big, rest, tone } = headlineOf(period)
  const isQuiet = bothWays(period.requests) === 0
  return html`<section id="summary" class="summary" aria-labelledby="headline">
    <div class="story">
      <h1 id="headline">
        <span class="big ${tone}">${big}</span> <span class="rest">${rest}</span>
      </h1>
      ${monthLine(period)} ${nextSteps(report)}
    </div>
    <div class="figures">
      ${isQuiet ? firstPull(report) : figuresTable(period)}
      ${periodNotes(period).map((note) => html`<p class="note">${note}</p>`)}
    </div>
  </section>`
}

function monthLine({ moneyAMonth: { saved, spent }, lengthMs }: PeriodReport): Markup | undefined {
  if (saved <= 0n && spent.upstream === 0n) return undefined
  // Less than an hour counts as one: a minute's peak is no month.
  const rate = lengthMs < 3_600_000 ? 'Were every hour like this' : 'At this rate'
  return html`<p class="month">
    ${rate},
    ${
      saved > 0n ? html`<strong>${showDollars(saved)}</strong> saved a month, and ` : undefined
    }<strong>${showDollars(spent.upstream)}</strong> a month still spent on the upstream.
  </p>`
}

/** The first things to do: of the very first the whole advice, and where to read on. */
function nextSteps({ missed, periods }: Report): Markup | undefined {
  const [first, ...others] = missed.filter(paysOff)
  if (first === undefined) {
    if (isUntouched(periods)) return undefined
    return missed.some(mayPayOff)
      ? html`<p class="next">
          Something may save more, but nobody can say how much.
          <a href="#missed">What it is</a>
        </p>`
      : html`<p class="next">Nothing is known to do that would save more.</p>`
  }
  return html`<ol class="next">
    <li>
      <strong>Save ${showDollars(first.savesAMonth!)} a month more.</strong> ${first.advice.text}
      <a href="#${missedId(first)}">How to do it</a>
    </li>
    ${others.slice(0, 2).map(
      (each) =>
        html`<li>
          Another ${showDollars(each.savesAMonth!)}:
          <a href="#${missedId(each)}">${placeText(each.location)}, ${each.reason}</a>
        </li>`,
    )}
  </ol>`
}

/** Whether nothing was pulled since the start. */
function isUntouched(periods: Report['periods']): boolean {
  return periods.every(({ requests }) => bothWays(requests) === 0)
}

function firstPull({ periods }: Report): Markup {
  return html`<p class="empty">
    ${
      isUntouched(periods)
        ? 'Nobody has pulled a blob yet. Whatever is pulled is shown here, by where it came from.'
        : 'Nothing was pulled in this time. A longer one may have something to show.'
    }
  </p>`
}
