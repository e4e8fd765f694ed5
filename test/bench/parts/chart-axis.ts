/** `linear` starts at 0 unless `from` says otherwise. On `log` what is not above 0 is left out. */
export type Axis = {
  readonly label: string
  readonly scale: 'linear' | 'log'
  readonly from?: number
  readonly to?: number
}

/** Where values are on an axis, from 0 to 1, and which of them are written beside it. */
export type Placed = {
  readonly share: (value: number) => number
  readonly ticks: readonly number[]
}

/** Lays an axis out for the values that are to be drawn along it. */
export function placeAxis({ scale, from, to }: Axis, values: readonly number[]): Placed {
  const drawn = scale === 'log' ? values.filter((value) => value > 0) : values
  const least = from ?? (scale === 'log' ? drawn.reduce((a, b) => Math.min(a, b), Infinity) : 0)
  const most = to ?? drawn.reduce((a, b) => Math.max(a, b), -Infinity)
  if (!(Number.isFinite(least) && Number.isFinite(most))) return placeAxis(unit(scale), [])
  if (scale === 'linear') {
    const step = niceStep((most - least || 1) / 5)
    const [first, last] = [Math.floor(least / step), Math.max(Math.ceil(most / step), 1)]
    const ticks = Array.from({ length: last - first + 1 }, (_, n) => (first + n) * step)
    const range = ticks.at(-1)! - ticks[0]!
    return { share: (value) => (value - ticks[0]!) / range, ticks }
  }
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
  const decades = Math.max(last - first, 1)
  const between = decades > 3 ? [1] : [1, 2, 5]
  const ticks = Array.from({ length: decades }, (_, n) => between.map((m) => m * 10 ** (first + n)))
  return {
    share: (value) => (Math.log10(value) - first) / decades,
    ticks: [...ticks.flat(), 10 ** (first + decades)],
  }
}

const unit = (scale: Axis['scale']): Axis => ({ label: '', scale, from: 0.1, to: 1 })

/** The least of 1, 2 and 5, times a power of ten, that is not below. */
function niceStep(atLeast: number): number {
  const decade = 10 ** Math.floor(Math.log10(atLeast))
  return decade * [1, 2, 5, 10].find((step) => step * decade >= atLeast * 0.999)!
}
