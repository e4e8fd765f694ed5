/**
 * What went wrong, with its cause, in one line for events and logs: `fetch failed`, which is all that
 * fetch itself says, tells nobody anything.
 */
export function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, cause } = error
  if (!(cause instanceof Error)) return message
  // Where a host has several addresses and none of them answers, the cause has no message but a code.
  const why = cause.message === '' ? (cause as { readonly code?: unknown }).code : cause.message
  return typeof why === 'string' ? `${message}: ${why}` : message
}
