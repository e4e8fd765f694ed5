import { bytesText } from '../core/bytes-text.ts'
import { durationText } from './live-duration.ts'
import type { InFlight } from './live-in-flight.ts'
import type { LiveView, Wait } from './live-state.ts'
import { counted } from './sync-counted.ts'

/** A run at one moment as a few lines of text, each of plain ASCII and cut to `columns`. */
export function liveLines(view: LiveView, columns: number): readonly string[] {
  const lines = [
    ['found', foundText(view)],
    ['written', writtenText(view)],
    ['reading', readingText(view.inFlight)],
    ['waiting', waitingText(view)],
    ['problems', problemsText(view)],
  ] as const
  return lines.flatMap(([name, text]) =>
    // A character in the last column would make some terminals begin another line.
    text === '' ? [] : [plain(`${name.padEnd(9)}${text}`).slice(0, Math.max(1, columns - 1))],
  )
}

/** Others wrote some of it, and a character of two columns would break the count of them. */
function plain(text: string): string {
  return text.replaceAll(/[^\u0020-\u007E]/gu, '?')
}

function foundText(view: LiveView): string {
  const { repositories, selected, manifests, known, blobs, bytes } = view
  const walked = selected === undefined ? '' : `${repositories} of `
  return [
    `${walked}${counted(selected ?? repositories, 'repository', 'repositories')}`,
    `${counted(manifests, 'manifest')}${known === 0 ? '' : ` (${known} known)`}`,
    counted(blobs, 'blob'),
    bytesText(bytes),
  ].join(', ')
}

function writtenText(view: LiveView): string {
  const { plan, writes, writtenBytes, writtenBytesPerSecond, readBytesPerSecond, leftMs } = view
  if (plan === undefined) return ''
  if (plan.writes === 0) return 'nothing to write; the mirrors are checked'
  const count = `${writes} of ${plan.writes}, ${bytesText(writtenBytes)} of ${bytesText(plan.writtenBytes)}`
  if (writes === plan.writes) return `${count}; the mirrors are checked`
  const rates = `${bytesText(writtenBytesPerSecond)}/s, reading ${bytesText(readBytesPerSecond)}/s`
  return `${count}, ${rates}${leftMs === undefined ? '' : `, ${durationText(leftMs)} left`}`
}

const mostShown = 3
/** What is gone before it can be read is no news. */
const shownAfterMs = 1000

function readingText(inFlight: readonly InFlight[]): string {
  const slow = inFlight.filter(({ forMs }) => forMs >= shownAfterMs)
  const shown = slow.slice(0, mostShown).map(({ digest, sizeBytes, bytes, forMs }) => {
    const short = digest.slice('sha256:'.length, 'sha256:'.length + 12)
    const size = bytesText(sizeBytes)
    if (bytes !== undefined) return `${short} ${bytesText(bytes)} of ${size}`
    return `${short} ${size} for ${durationText(forMs)}`
  })
  const more = slow.length - shown.length
  return shown.join(', ') + (more > 0 ? `, ${more} more` : '')
}

/** Shorter pauses than this are how things go. */
const longQuietMs = 10_000

function waitingText({ waits, quietMs }: LiveView): string {
  const texts = waits
    .toSorted((a, b) => b.leftMs - a.leftMs)
    .map(({ host, why, leftMs }: Wait) => `${host}: ${why}, ${durationText(leftMs)} more`)
  if (texts.length === 0 && quietMs >= longQuietMs) {
    return `nothing has come for ${durationText(quietMs)}`
  }
  return texts.join('; ')
}

function problemsText({ problems, retries }: LiveView): string {
  if (problems + retries === 0) return ''
  return retries === 0 ? `${problems}` : `${problems}, ${retries} tried again`
}
