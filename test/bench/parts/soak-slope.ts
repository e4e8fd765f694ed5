/** A straight line through points, and how sure its slope is. */
export type Slope = {
  /** y per x. */
  readonly slope: number
  /** One standard error of the slope. */
  readonly error: number
  /** The line at an x. */
  readonly at: (x: number) => number
}

/**
 * Least squares. The error takes into account that what follows is like what went before: a heap
 * that fills and is collected makes a hundred samples say no more than a few (by the residuals'
 * correlation from one sample to the next). NaN where there are fewer than three points.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / count
  const [meanX, meanY] = [mean(([x]) => x), mean(([, y]) => y)]
  const spread = mean(([x]) => (x - meanX) ** 2)
  const slope = mean(([x, y]) => (x - meanX) * (y - meanY)) / spread
  const at = (x: number) => meanY + slope * (x - meanX)
  if (count < 3) return { slope: NaN, error: NaN, at }
  const residuals = points.map(([x, y]) => y - at(x))
  const squares = residuals.reduce((sum, each) => sum + each ** 2, 0)
  const independent = Math.sqrt(squares / (count - 2) / (spread * count))
  const products = residuals.slice(1).reduce((sum, each, n) => sum + each * residuals[n]!, 0)
  // Never as if there were more samples than there are.
  const correlation = squares === 0 ? 0 : Math.max(products / squares, 0)
  return { slope, error: independent * Math.sqrt((1 + correlation) / (1 - correlation)), at }
}
