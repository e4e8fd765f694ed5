/** A time as people say it, in its two largest units: `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return inTwo(seconds, 60, 'min', 1, 's')
  if (seconds < 86_400) return inTwo(seconds, 3600, 'h', 60, 'min')
  return inTwo(seconds, 86_400, 'd', 3600, 'h')
}

function inTwo(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}
