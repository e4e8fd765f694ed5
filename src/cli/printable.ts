/**
 * A text that others wrote, as it may be shown on a terminal: what would move the cursor, change
 * the title or turn the line around is a `?` (control and format characters, Unicode categories Cc
 * and Cf, and line separators).
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}
