/**
 * Why a request was answered as it was. One closed list: the same word stands here, in
 * `X-Nearport-Reason`, in the events, in the metrics and in docs/request-handling.md.
 */
export const reasons = [
  // to a mirror
  'in-region',
  'nearest',
  'elsewhere',
  // to a mirror or the upstream
  'configured',
  // to the upstream
  'manifest',
  'opted-out',
  'credentials',
  'same-cloud',
  'no-location',
  'no-mirror',
  'no-index',
  'not-mirrored',
  'unhealthy',
  // answered here
  'version',
  'known-size',
  'known-manifest',
  'stale',
  'listing',
  'over-budget',
  'refused',
] as const

export type Reason = (typeof reasons)[number]
