import { html } from 'hono/html'
import type { MissedSaving } from '../../core/missed-savings.ts'
import type { Markup } from './figures.ts'
import { countText, countedText } from './figures.ts'
import { amountText, mayPayOff, missedId, worthText } from './missed-worth.ts'
import { periodPhrase } from './period-words.ts'
import { placeText } from './places.ts'
import type { View } from './view.ts'

/** How many entries are open to see, and how many there are at most: the JSON has them all. */
const [mostShown, mostListed] = [5, 50]

/** What to do so that more stays home, what saves most first. */
export function missedSavings({ report }: View): Markup {
  const gains = report.missed.filter(mayPayOff)
  const others = report.missed.filter((each) => !mayPayOff(each))
  const when = periodPhrase(report.missedIn)
  return html`<section id="missed" aria-labelledby="missed-head">
    <h2 id="missed-head">What would keep more of it at home</h2>
    ${
      gains.length === 0
        ? html`<p class="empty">
            Nothing that was pulled ${when} is known to cost more than it has to.
          </p>`
        : html`<p class="lead">
              Of what was pulled ${when}, what saves most first. A month is 730 hours at that rate,
              at list prices.
            </p>
            <ol class="missed">
              ${gains.slice(0, mostShown).map(showEntry)}
            </ol>`
    }
    ${moreEntries('missed-more', gains.slice(mostShown), mostShown + 1, 'more thing', 'to do')}
    ${moreEntries('missed-rest', others, 1, 'way', 'on which nothing can be saved')}
  </section>`
}

function moreEntries(
  id: string,
  entries: readonly MissedSaving[],
  start: number,
  one: string,
  rest: string,
): Markup | undefined {
  if (entries.length === 0) return undefined
  const left = entries.length - mostListed
  return html`<details id="${id}">
    <summary>${countedText(entries.length, one)} ${rest}</summary>
    <ol class="missed" start="${start}">
      ${entries.slice(0, mostListed).map(showEntry)}
    </ol>
    ${left > 0 ? moreInJson(left) : undefined}
  </details>`
}

function moreInJson(count: number): Markup {
  return html`<p class="note">
    ${countText(count)} more in <a href="./report.json">report.json</a>.
  </p>`
}

function showEntry(missed: MissedSaving): Markup {
  const { big, rest } = worthText(missed)
  const { text, configuration, command } = missed.advice
  const id = missedId(missed)
  return html`<li id="${id}">
    <h3>${placeText(missed.location)} <span class="reason">${missed.reason}</span></h3>
    <p class="worth"><strong>${big}</strong> ${rest}</p>
    <p>${text}</p>
    ${configuration === undefined ? undefined : snippet('In nearport.json', configuration, `${id}-configuration`)}
    ${command === undefined ? undefined : snippet('Run', command, `${id}-command`)}
    <p class="note">${amountText(missed)}.</p>
  </li>`
}

/** Something to copy. The button shows itself where there is a script that it works with. */
function snippet(label: string, code: string, id: string): Markup {
  return html`<div class="snippet" id="${id}">
    <span class="label" id="${id}-label">${label}</span>
    <code>${code}</code>
    <button type="button" class="copy" aria-describedby="${id}-label">Copy</button>
  </div>`
}
