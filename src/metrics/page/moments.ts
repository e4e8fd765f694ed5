import { html } from 'hono/html'
import type { Markup } from './figures.ts'

/** A time that passed, in its largest unit: `12 s`, `3 min`, `5 h`, `12 d`. */
export function ageText(ms: number): string {
  // Clocks differ: what comes from a moment ahead of ours is from now.
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** How long ago a moment was, with the moment itself for machines and for whoever points at it. */
export function showAge(ms: number, nowMs: number): Markup {
  return html`<time datetime="${isoText(ms)}" title="${dateText(ms)} ${clockText(ms)} UTC"
    >${ageText(nowMs - ms)} ago</time
  >`
}

/** A time of the day to the minute: `14:03`. Moments are in milliseconds since 1970, days UTC's. */
export function clockText(ms: number): string {
  return isoText(ms).slice(11, 16)
}

/** A day: `2026-11-25`. */
export function dateText(ms: number): string {
  return isoText(ms).slice(0, 10)
}

/** A moment for machines: `2026-11-25T14:03:00.000Z`. */
export function isoText(ms: number): string {
  return new Date(ms).toISOString()
}
