import { html } from 'hono/html'
import { bytesText } from '../../core/bytes-text.ts'
import type { MirrorReport } from '../report.ts'
import type { Markup } from './figures.ts'
import { countText, countedText, showBytes } from './figures.ts'
import { showAge } from './moments.ts'
import type { View } from './view.ts'

/** The mirrors and the index that says what they hold. */
export function mirrors({ report, nowMs }: View): Markup {
  return html`<section id="mirrors" aria-labelledby="mirrors-head">
    <h2 id="mirrors-head">Mirrors</h2>
    ${indexLine(report.index, nowMs)}
    ${
      report.mirrors.length === 0
        ? html`<p class="empty">
            No mirror is configured, so every blob comes from the upstream. The first one is a line
            in nearport.json:
            <code>"mirrors": [{ "id": "aws/us-east-1", "bucket": "BUCKET" }]</code>
          </p>`
        : html`<table>
            <caption>
              Every mirror, and what was pulled from it since the start.
            </caption>
            <thead>
              <tr>
                <th scope="col">Mirror</th>
                <th scope="col">Canary passed</th>
                <th scope="col" class="number">Pulls</th>
                <th scope="col" class="number">Bytes</th>
              </tr>
            </thead>
            <tbody>
              ${report.mirrors.map((mirror) => showMirror(mirror, nowMs))}
            </tbody>
          </table>`
    }
  </section>`
}

function indexLine(index: View['report']['index'], nowMs: number): Markup {
  if (index === undefined) return html`<p class="lead">No index of what mirrors hold is loaded.</p>`
  const { generation, blobs, bytes, checkedAtMs } = index
  return html`<p class="lead">
    Index generation <strong>${generation}</strong>: ${countedText(blobs, 'blob')} in
    ${bytesText(bytes, 3)}, found right ${showAge(checkedAtMs, nowMs)}.
  </p>`
}

function showMirror(mirror: MirrorReport, nowMs: number): Markup {
  const { id, requests, bytes, canaryAtMs } = mirror
  return html`<tr>
    <th scope="row">${id} ${health(mirror, nowMs)}</th>
    <td>${canaryAtMs === undefined ? 'not known' : showAge(canaryAtMs, nowMs)}</td>
    <td class="number">${requests === 0 ? 'none yet' : countText(requests)}</td>
    <td class="number">${showBytes(bytes)}</td>
  </tr>`
}

/** Told by words and a mark as well as by colour. */
function health({ healthy, unhealthySinceMs, why }: MirrorReport, nowMs: number): Markup {
  if (healthy)
    return html`<span class="health good"><span aria-hidden="true">✓</span> healthy</span>`
  return html`<span class="health bad"
    ><span aria-hidden="true">✕</span> left
    out${
      unhealthySinceMs === undefined ? undefined : html`, since ${showAge(unhealthySinceMs, nowMs)}`
    }${why === undefined ? undefined : html`: ${why}`}</span
  >`
}
