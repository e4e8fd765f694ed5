import type { Axis } from './chart-axis.ts'
import { placeAxis } from './chart-axis.ts'

export type { Axis }

/** A line chart: one panel of a picture. */
export type Chart = {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  /** At most six, told apart by colour; more would not be told apart at all. */
  readonly series: readonly Series[]
}

/** Points are in the order in which the line goes; a gap is a point whose y is NaN. */
export type Series = {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly dashed?: boolean
}

const width = 760
const panel = { height: 270, left: 66, right: 18, top: 54, bottom: 46 }
const plotWidth = width - panel.left - panel.right
const plotHeight = panel.height - panel.top - panel.bottom

// Both themes stand in the picture: a page shows it as an image, and the reader's browser chooses.
const light = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#cf222e', '#6e7781']
const dark = ['#58a6ff', '#f0883e', '#3fb950', '#bc8cff', '#ff7b72', '#8b949e']
const style = `<style>
.page{fill:#ffffff}.text{fill:#1f2328}.grid{stroke:#d1d9e0}.line{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
${light.map((colour, at) => `.s${at}{stroke:${colour}}`).join('')}
@media (prefers-color-scheme:dark){.page{fill:#0d1117}.text{fill:#e6edf3}.grid{stroke:#30363d}
${dark.map((colour, at) => `.s${at}{stroke:${colour}}`).join('')}}
</style>`

/** Draws line charts under each other as one SVG, readable on a light page and on a dark one. */
export function drawCharts(charts: readonly Chart[]): string {
  const height = charts.length * panel.height
  const titles = charts.map(({ title }) => title).join('; ')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui,sans-serif" font-size="12" role="img">
<title>${escape(titles)}</title>
${style}
<rect class="page" width="${width}" height="${height}"/>
${charts.map((chart, at) => `<g transform="translate(0 ${at * panel.height})">\n${drawPanel(chart)}\n</g>`).join('\n')}
</svg>
`
}

function drawPanel(chart: Chart): string {
  if (chart.series.length > light.length) {
    throw new Error(`wanted at most ${light.length} series, got ${chart.series.length}`)
  }
  const points = chart.series.flatMap((series) => series.points)
  const x = placeAxis(chart.x, finite(points.map(([value]) => value)))
  const y = placeAxis(chart.y, finite(points.map(([, value]) => value)))
  const [bottom, end] = [panel.top + plotHeight, panel.left + plotWidth]
  const left = (value: number) => round(panel.left + x.share(value) * plotWidth)
  const top = (value: number) => round(bottom - y.share(value) * plotHeight)
  return [
    text(panel.left, 20, chart.title, 'start', ' font-weight="600" font-size="14"'),
    ...y.ticks.flatMap((tick) => [
      `<path class="grid" d="M${panel.left} ${top(tick)}H${end}"/>`,
      text(panel.left - 8, top(tick) + 4, show(tick), 'end'),
    ]),
    ...x.ticks.flatMap((tick) => [
      `<path class="grid" d="M${left(tick)} ${bottom}v5"/>`,
      text(left(tick), bottom + 19, show(tick), 'middle'),
    ]),
    text(panel.left + plotWidth / 2, bottom + 37, chart.x.label, 'middle'),
    `<g transform="translate(14 ${panel.top + plotHeight / 2}) rotate(-90)">${text(0, 0, chart.y.label, 'middle')}</g>`,
    ...legend(chart.series),
    ...chart.series.map(
      (series, at) => `<path class="line s${at}"${dash(series)} d="${lineOf(series, left, top)}"/>`,
    ),
  ].join('\n')
}

function lineOf(
  { points }: Series,
  left: (value: number) => number,
  top: (value: number) => number,
): string {
  let pen = 'M'
  let path = ''
  for (const [x, y] of points) {
    const [across, down] = [left(x), top(y)]
    const drawn = Number.isFinite(across) && Number.isFinite(down)
    // A point that stands alone is a line of no length, which has round ends.
    if (drawn) path += `${pen}${across} ${down}${pen === 'M' ? 'h0' : ''}`
    pen = drawn ? 'L' : 'M'
  }
  return path
}

function legend(series: readonly Series[]): readonly string[] {
  let at = panel.left
  return series.map((each, n) => {
    const start = at
    at += 44 + each.name.length * 6.4
    const line = `<path class="line s${n}"${dash(each)} d="M${round(start)} 36h22"/>`
    return line + text(start + 28, 40, each.name, 'start')
  })
}

const dash = ({ dashed }: Series) => (dashed === true ? ' stroke-dasharray="5 4"' : '')

function text(x: number, y: number, content: string, anchor: string, more = ''): string {
  return `<text class="text" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${more}>${escape(content)}</text>`
}

function show(value: number): string {
  const short = Number(value.toPrecision(6))
  return Math.abs(short) >= 10_000 ? short.toLocaleString('en') : String(short)
}

const finite = (values: readonly number[]) => values.filter((value) => Number.isFinite(value))
const round = (value: number) => Math.round(value * 10) / 10
const escape = (content: string) =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
