import { html } from 'hono/html'
import { bytesText } from '../../core/bytes-text.ts'
import type { Nanodollars } from '../../core/money.ts'
import { exactDollars, formatDollars } from '../../core/money.ts'

/** A piece of HTML in which everything that is not ours is escaped. */
export type Markup = ReturnType<typeof html>

/** Bytes for people, with the exact number for machines and for whoever points at it. */
export function showBytes(bytes: number): Markup {
  const exact = `${countText(bytes)} bytes`
  return html`<data value="${bytes}" title="${exact}">${bytesText(bytes, 3)}</data>`
}

/** Dollars for people, with the exact amount for machines. */
export function showDollars(amount: Nanodollars): Markup {
  return html`<data value="${exactDollars(amount)}">${formatDollars(amount)}</data>`
}

/** A number of things, exact for machines. */
export function showCount(count: number): Markup {
  return html`<data value="${count}">${countText(count)}</data>`
}

/** A number of things with the word for one of them: `1 pull`, `12,000 pulls`. */
export function countedText(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

/** A whole number with its thousands apart: `12,345`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/**
 * A part in percent, where whoever is near all or nothing is never said to be there: `93 %`,
 * `99.6 %`, `over 99.9 %`. Nothing of nothing is `0 %`.
 */
export function percentText(part: number, whole: number): string {
  if (part === 0) return '0 %'
  const share = part / whole
  if (share === 1) return '100 %'
  if (share < 0.0005) return 'under 0.1 %'
  if (share >= 0.9995) return 'over 99.9 %'
  const isNearAnEnd = share < 0.0095 || share >= 0.99
  return `${(share * 100).toFixed(isNearAnEnd ? 1 : 0)} %`
}
