import type { SyncEvent } from '../core/sync-event.ts'
import type { Terminal } from './command.ts'
import { liveLines } from './live-lines.ts'
import { createScreen } from './live-screen.ts'
import { createLiveState } from './live-state.ts'
import { printable } from './printable.ts'

/** Shows a run while it goes on. */
export type SyncProgress = {
  readonly record: (event: SyncEvent) => void
  /** Says something that is no step of the run. */
  readonly say: (text: string) => void
  /** Takes the live lines away, for what is printed next. */
  readonly end: () => void
}

type ProgressTerminal = Pick<Terminal, 'err' | 'interactive' | 'columns'>

/**
 * One JSON line a step, for machines; on a person's terminal a few lines drawn over themselves, and
 * the problems above them. `now` is in milliseconds since 1970, as the events' times are.
 */
export function createSyncProgress(
  terminal: ProgressTerminal,
  now: () => number = Date.now,
): SyncProgress {
  if (terminal.interactive) return createLive(terminal, now)
  return {
    record: (event) => terminal.err(`${JSON.stringify(event)}\n`),
    say: (text) =>
      terminal.err(`${JSON.stringify({ event: 'note', timeMs: now(), message: text })}\n`),
    end: () => {},
  }
}

/** Often enough to be alive, seldom enough for a slow terminal. */
const redrawMs = 100
/** While nothing happens, the times that are shown still go on. */
const idleRedrawMs = 1000
/** What is not a window of a known width is taken for the narrowest that people use. */
const usualColumns = 80

function createLive({ err, columns }: ProgressTerminal, now: () => number): SyncProgress {
  const state = createLiveState()
  const width = () => columns?.() ?? usualColumns
  const screen = createScreen(err, width)
  let said: string[] = []
  let isNew = false
  let drawnMs = -Infinity

  const timer = setInterval(() => {
    if (isNew || now() - drawnMs >= idleRedrawMs) redraw()
  }, redrawMs)
  // It shows a run, and keeps no process alive.
  timer.unref()

  return {
    record(event) {
      state.record(event)
      if (event.step === 'problem') said.push(printable(`${event.subject}: ${event.message}`))
      change()
    },
    say(text) {
      said.push(printable(text))
      change()
    },
    end() {
      clearInterval(timer)
      flush()
      screen.clear()
    },
  }

  function change(): void {
    isNew = true
    if (now() - drawnMs >= redrawMs) redraw()
  }

  function redraw(): void {
    flush()
    screen.draw(liveLines(state.view(now()), width()))
    isNew = false
    drawnMs = now()
  }

  /** However many problems come at once, the terminal is written to ten times a second. */
  function flush(): void {
    if (said.length > 0) screen.say(said.join('\n'))
    said = []
  }
}
