/**
 * What a mirror's canary says: a blob of that mirror's own, which lies in its bucket and in no
 * other, so that reading it shows that an address leads to that very bucket.
 */
export function canaryText(mirrorId: string): string {
  return `${JSON.stringify({ nearport: 'canary', mirror: mirrorId })}\n`
}
