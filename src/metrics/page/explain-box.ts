import { html } from 'hono/html'
import type { Markup } from './figures.ts'

/** What is to be explained: what a client at an address would be answered. */
export type Question = {
  readonly method: string
  readonly path: string
  readonly address: string
}

/** Every step to the answer, or why there is none. */
export type Answer = readonly string[] | { readonly problem: string }

const methods = ['GET', 'HEAD']

/** A form that asks, and the answer to what was asked. It goes on working with no script at all. */
export function explainBox(
  period: string,
  asked?: { readonly question: Question; readonly answer: Answer },
): Markup {
  const { method, path, address } = asked?.question ?? { method: 'GET', path: '', address: '' }
  return html`<section id="explain" aria-labelledby="explain-head">
    <h2 id="explain-head">Explain an answer</h2>
    <p class="lead">
      What a client at an address is answered, and every step to it, as
      <code>nearport explain</code> has it.
    </p>
    <form action="./explain#answer" method="get">
      <input type="hidden" name="period" value="${period}" />
      <p>
        <label for="explain-ip">Client address</label>
        <input
          id="explain-ip"
          name="ip"
          value="${address}"
          required
          autocomplete="off"
          spellcheck="false"
          aria-describedby="explain-ip-hint"
        />
        <span class="hint" id="explain-ip-hint">IPv4 or IPv6, such as 54.72.0.10</span>
      </p>
      <p>
        <label for="explain-method">Method</label>
        <select id="explain-method" name="method">
          ${methods.map(
            (each) => html`<option ${each === method ? 'selected' : ''}>${each}</option>`,
          )}
        </select>
      </p>
      <p class="wide">
        <label for="explain-path">Path</label>
        <input
          id="explain-path"
          name="path"
          value="${path}"
          required
          autocomplete="off"
          spellcheck="false"
          aria-describedby="explain-path-hint"
        />
        <span class="hint" id="explain-path-hint">Such as /v2/app/blobs/sha256:…</span>
      </p>
      <p><button type="submit">Explain</button></p>
    </form>
    ${asked && showAnswer(asked.question, asked.answer)}
  </section>`
}

function showAnswer({ method, path, address }: Question, answer: Answer): Markup {
  return html`<div
    id="answer"
    class="answer"
    tabindex="-1"
    role="region"
    aria-labelledby="answer-head"
  >
    <h3 id="answer-head">${method} ${path} <span class="from">from ${address}</span></h3>
    ${
      'problem' in answer
        ? html`<p class="problem"><span aria-hidden="true">✕</span> ${answer.problem}</p>`
        : html`<ol>
            ${answer.map((step) => html`<li>${step}</li>`)}
          </ol>`
    }
  </div>`
}
