import { bytesText } from '../core/bytes-text.ts'
import type { RunnerUp } from '../core/estimate/choose.ts'
import type { PlaceCost } from '../core/estimate/places.ts'
import type { Nanodollars } from '../core/money.ts'
import { formatDollars } from '../core/money.ts'
import { doubtsOf, percentText } from './estimate-doubts.ts'
import type { Estimate } from './estimate-made.ts'
import { printable } from './printable.ts'
import { counted } from './sync-counted.ts'

const shownPlaces = 25
const shownRunnersUp = 5

/** An estimate, for people. */
export function estimateReport(estimate: Estimate): string {
  const { config, choice } = estimate
  const lines = [
    ...sourceLines(estimate),
    ...guessLines(estimate),
    '',
    ...placeLines(estimate),
    '',
    ...mirrorLines(estimate),
    '',
    'how sure',
    ...doubtsOf(estimate).map(({ text }) => `  - ${text}`),
    ...(choice.mirrors.length === 0
      ? []
      : ['', 'nearport.json, with the names of the buckets to be replaced']),
  ]
  const text = lines.map((line) => `${printable(line)}\n`).join('')
  return choice.mirrors.length === 0 ? text : `${text}${JSON.stringify(config, null, 2)}\n`
}

function sourceLines({ logs, demand, upstream }: Estimate): readonly string[] {
  const { lines, formats, bytesRead, gathering } = logs
  const spans = gathering.spans()
  const first = Math.min(...spans.map((span) => span.firstMs))
  const last = Math.max(...spans.map((span) => span.lastMs))
  const when = spans.length === 0 ? '' : `, from ${timeText(first)} to ${timeText(last)}`
  const { cloud, region } = upstream.place
  return [
    `${counted(lines, 'line')} (${bytesText(bytesRead, 3)}) of ${formats.join(', ')}${when}`,
    `${counted(demand.logged.pulls, 'pull')} of blobs, now from the upstream in ${cloud}/${region}; all amounts are of a month of 730 hours`,
  ]
}

/** What makes the amounts no more than a guess is said before them. */
function guessLines({ demand, logs }: Estimate): readonly string[] {
  const { unknown, pulls } = demand.logged
  const isGuess = unknown > pulls / 2
  const isUnread = logs.notUnderstood > logs.lines / 10
  return [
    ...(isGuess
      ? [
          `All amounts are a guess: of ${percentText(unknown / pulls)} of the pulls nobody knows the size.`,
        ]
      : []),
    ...(isUnread
      ? [
          `All amounts may be too small: ${percentText(logs.notUnderstood / logs.lines)} of the lines could not be read.`,
        ]
      : []),
  ]
}

function placeLines({ places }: Estimate): readonly string[] {
  const all = places.reduce((sum, place) => sum + bytesOf(place), 0)
  const rest = places.slice(shownPlaces)
  const rows = places.slice(0, shownPlaces).map((place) => placeRow(nameOf(place), place, all))
  const head = ['clients in', 'a month', 'share', 'now', 'then', 'saved', 'then from']
  const restRow =
    rest.length === 0
      ? []
      : [
          [
            `${rest.length} more`,
            bytesText(sumBy(rest, bytesOf), 3),
            percentText(sumBy(rest, bytesOf) / all),
            ...moneyCells(rest),
            '',
          ],
        ]
  return tableLines([
    head,
    ...rows,
    ...restRow,
    ['all', bytesText(all, 3), '', ...moneyCells(places), ''],
  ])
}

function placeRow(name: string, place: PlaceCost, all: number): readonly string[] {
  const bytes = bytesOf(place)
  return [
    name,
    bytesText(bytes, 3),
    percentText(all === 0 ? 0 : bytes / all),
    ...moneyCells([place]),
    place.mirror ?? 'upstream',
  ]
}

/** What places cost now and then; those of no known price are in neither. */
function moneyCells(places: readonly PlaceCost[]): readonly string[] {
  const priced = places.filter(({ without }) => without !== undefined)
  if (priced.length === 0) return ['?', '?', '?']
  const [now, then] = [sumOfCosts(priced, 'without'), sumOfCosts(priced, 'withMirrors')]
  return [now, then, now - then].map(formatDollars)
}

function sumOfCosts(places: readonly PlaceCost[], which: 'without' | 'withMirrors'): Nanodollars {
  return places.reduce((sum, place) => sum + (place[which] ?? 0n), 0n)
}

function mirrorLines(estimate: Estimate): readonly string[] {
  const { choice, settings, allOutside } = estimate
  const { mirrors, runnersUp, without, withMirrors } = choice
  const saved = without.total - withMirrors.total
  const storage = formatDollars(withMirrors.storage)
  const total = [
    `now ${formatDollars(without.total)} a month, then ${formatDollars(withMirrors.total)}: ${formatDollars(saved)} saved`,
    `of it the mirrors' storage is ${storage}, their requests ${formatDollars(withMirrors.reads)}; filling them costs ${formatDollars(withMirrors.filling)} once`,
  ]
  const shown = runnersUp.slice(0, shownRunnersUp).map((each) => `  ${runnerUpText(each)}`)
  return [
    ...(mirrors.length === 0
      ? [`no mirror pays: a month costs ${formatDollars(without.total)}`]
      : [
          'mirrors, the best first, each with what it adds to those before it, all its costs counted',
        ]),
    ...tableLines(
      mirrors.map(({ site, netAMonth, heldBytes }, at) => [
        `${`${at + 1}.`.padStart(3)} ${site.id}`,
        `${formatDollars(netAMonth)} a month`,
        `holds ${bytesText(heldBytes, 3)}`,
      ]),
    ),
    ...(mirrors.length === 0 ? [] : total),
    ...(shown.length === 0 ? [] : ['', 'not proposed', ...shown]),
    ...moreLine(runnersUp, settings.most),
    ...(allOutside === undefined
      ? []
      : [
          '',
          `One mirror in r2/global for everybody would make it ${formatDollars(allOutside.total)}: it is in no client's region, and those in a cloud may pay their NAT gateway for what they read from it.`,
        ]),
  ]
}

function runnerUpText({ site, saves, costs }: RunnerUp): string {
  const money = `saves ${formatDollars(saves)} a month and costs ${formatDollars(costs)}`
  return `${site.id}: ${saves > costs ? 'would pay' : 'does not pay'}, ${money}`
}

function moreLine(runnersUp: readonly RunnerUp[], most: number): readonly string[] {
  const paying = runnersUp.filter(({ saves, costs }) => saves > costs).length
  return paying === 0 ? [] : [`  ${paying} more would pay: --mirrors ${most + paying}`]
}

function nameOf({ place: { demand } }: PlaceCost): string {
  const { location } = demand
  return location === undefined ? 'nowhere known' : `${location.cloud}/${location.region}`
}

function bytesOf({ place: { demand } }: PlaceCost): number {
  return demand.bytes + demand.manifestBytes
}

function sumBy<T>(items: readonly T[], pick: (item: T) => number): number {
  return items.reduce((sum, item) => sum + pick(item), 0)
}

/** Columns under each other; all but the first and the last stand to the right. */
function tableLines(rows: readonly (readonly string[])[]): readonly string[] {
  const last = (rows[0]?.length ?? 0) - 1
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length)),
  )
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 || column === last
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!),
    )
    return `  ${cells.join('  ').trimEnd()}`
  })
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
