import type { SyncEvent, SyncStep } from '../core/sync-event.ts'

/** Something that did not go as it should: what it concerns, and what was wanted and came. */
export type Problem = { readonly subject: string; readonly message: string }

/** Where the steps of a run go; it keeps the problems, by which the run has failed. */
export type Recorder = {
  readonly step: (step: SyncStep) => void
  readonly problem: (subject: string, error: unknown) => void
  readonly problems: readonly Problem[]
}

/** Creates the recorder of one run. */
export function createRecorder(deps: {
  readonly now: () => number
  readonly record: (event: SyncEvent) => void
}): Recorder {
  const problems: Problem[] = []
  const step = (what: SyncStep) => deps.record({ event: 'sync', timeMs: deps.now(), ...what })
  return {
    step,
    problems,
    problem(subject, error) {
      const message = bounded(error instanceof Error ? error.message : String(error))
      const problem = { subject: bounded(subject), message }
      problems.push(problem)
      step({ step: 'problem', ...problem })
    },
  }
}

/** What others sent may be in a message, and any length of it. */
const longestText = 1000

function bounded(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`
}
