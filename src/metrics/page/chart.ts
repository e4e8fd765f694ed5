import { html } from 'hono/html'
import type { Ways } from '../report.ts'
import type { Markup } from './figures.ts'

/** The way a blob went. */
export type Way = keyof Ways['bytes']

/** The ways in words, as legends and heads of columns have them. */
export const wayNames: Readonly<Record<Way, string>> = {
  mirror: 'From mirrors',
  upstream: 'From the upstream',
}

/**
 * What fills a shape of a way. The hatching tells what left home from what stayed where colours do
 * not; it is named in an attribute, because a style sheet would seek it in itself.
 */
export const wayFills: Readonly<Record<Way, string>> = {
  mirror: 'currentColor',
  upstream: 'url(#hatch)',
}

/** What all pictures of a page share. */
export function chartDefinitions(): Markup {
  return html`<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false">
    <defs>
      <pattern
        id="hatch"
        width="5"
        height="5"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect class="hatch-back" width="5" height="5" />
        <rect class="hatch-line" width="3" height="5" />
      </pattern>
    </defs>
  </svg>`
}

/** The name of a way with its mark. */
export function showWay(way: Way): Markup {
  return html`<svg class="swatch" width="12" height="12" aria-hidden="true" focusable="false">
      <rect class="${way}" fill="${wayFills[way]}" width="12" height="12" />
    </svg>
    ${wayNames[way]}`
}

/** Which mark is which. */
export function chartLegend(): Markup {
  return html`<p class="legend">
    <span>${showWay('mirror')}</span> <span>${showWay('upstream')}</span>
  </p>`
}

/**
 * Both ways in one bar, end to end, of a length that is to the whole width as their sum is to
 * `longest`. `name` is what it says to whoever does not see it.
 */
export function wayBar(
  { mirror, upstream }: Ways['bytes'],
  longest: number,
  height: number,
  name: string,
): Markup {
  const [home, left] = [percentOf(mirror, longest), percentOf(upstream, longest)]
  return html`<svg class="bar" width="100%" height="${height}" role="img">
    <title>${name}</title>
    <rect class="mirror" fill="${wayFills.mirror}" width="${home}" height="${height}" />
    <rect
      class="upstream"
      fill="${wayFills.upstream}"
      x="${home}"
      width="${left}"
      height="${height}"
    />
  </svg>`
}

/** A length as SVG has it, relative to the picture's own: `12.5%`. Of nothing it is nothing. */
export function percentOf(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.round((part / whole) * 1e5) / 1e3}%`
}
