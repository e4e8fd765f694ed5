import type { SyncEvent } from '../core/sync-event.ts'
import { bytesText } from './bytes-text.ts'
import type { Terminal } from './command.ts'
import { printable } from './printable.ts'

/** Shows a run while it goes on. */
export type SyncProgress = {
  readonly record: (event: SyncEvent) => void
  /** Takes the line away, for what is printed next. */
  readonly end: () => void
}

/**
 * One JSON line a step, for machines; on a person's terminal, one line redrawn and the problems
 * above it.
 */
export function createSyncProgress(terminal: Pick<Terminal, 'err' | 'interactive'>): SyncProgress {
  if (terminal.interactive) return createLine(terminal.err)
  return { record: (event) => terminal.err(`${JSON.stringify(event)}\n`), end: () => {} }
}

/** Often enough to be alive, seldom enough for a slow terminal. */
const redrawMs = 100
const clearLine = '\r\u001B[K'

function createLine(err: (text: string) => void): SyncProgress {
  const counts = { repositories: 0, blobs: 0, writes: 0, written: 0, bytes: 0, retries: 0 }
  let firstWriteMs = 0
  let drawnMs = 0

  return {
    record(event) {
      count(event)
      if (event.step === 'problem') {
        err(`${clearLine}${printable(`${event.subject}: ${event.message}`)}\n`)
        drawnMs = 0
      }
      if (event.timeMs - drawnMs < redrawMs) return
      drawnMs = event.timeMs
      err(`${clearLine}${line(event.timeMs)}`)
    },
    end: () => err(clearLine),
  }

  function count(event: SyncEvent): void {
    switch (event.step) {
      case 'walked':
        counts.repositories++
        counts.blobs += event.blobs
        break
      case 'planned':
        counts.blobs = event.wantedBlobs
        counts.writes = event.writes
        firstWriteMs = event.timeMs
        break
      case 'written':
        counts.written++
        counts.bytes += event.sizeBytes
        break
      case 'retried':
        counts.retries++
        break
      case 'skipped':
      case 'claimed':
      case 'canary':
      case 'listed':
      case 'problem':
      case 'published':
        break
    }
  }

  function line(timeMs: number): string {
    const { repositories, blobs, writes, written, bytes, retries } = counts
    const found = `${repositories} repositories, ${blobs} blobs`
    if (firstWriteMs === 0) return found
    const rate = bytes / Math.max(1, (timeMs - firstWriteMs) / 1000)
    const again = retries === 0 ? '' : `, ${retries} tried again`
    return `${found}, ${written} of ${writes} written, ${bytesText(bytes)}, ${bytesText(rate)}/s${again}`
  }
}
