/** A number of bytes as people read it, in decimal units, with so many digits: `1.5 GB`. */
export function bytesText(bytes: number, digits: 2 | 3 = 2): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const isWhole = unit === 0 || value >= 10 ** digits - 0.5
  return `${isWhole ? Math.round(value) : value.toPrecision(digits)} ${units[unit]}`
}
