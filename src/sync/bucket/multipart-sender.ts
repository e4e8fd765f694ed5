import type { CompletedPart } from '@aws-sdk/client-s3'

/** Sends the parts of one upload, so many at once. */
export type PartSender<Part> = {
  /** Begins to send a part when there is a place for it. Throws what another part failed with. */
  readonly start: (part: Part) => Promise<void>
  /** Waits for all of them and returns them in order. Throws what one of them failed with. */
  readonly finish: () => Promise<CompletedPart[]>
  /** Gives up those that are on their way, and waits until none is. */
  readonly cancel: () => Promise<void>
}

export type PartSenderDeps<Part> = {
  readonly atOnce: number
  readonly send: (part: Part, number: number, stop: AbortSignal) => Promise<CompletedPart>
  /** Hears that a part has failed for good: no further one is needed. */
  readonly onFailure?: () => void
}

/** Creates the sender of one upload. Parts are numbered from 1, in the order they are started. */
export function createPartSender<Part>(deps: PartSenderDeps<Part>): PartSender<Part> {
  const done: CompletedPart[] = []
  const running = new Set<Promise<void>>()
  const ended = new AbortController()
  let failure: { readonly error: unknown } | undefined
  let started = 0

  return {
    async start(part) {
      // A part that fails ends all the others, so there is a place then, too.
      while (running.size >= deps.atOnce) await Promise.race(running)
      if (failure !== undefined) throw failure.error
      const number = ++started
      const sending = send(part, number).finally(() => running.delete(sending))
      running.add(sending)
    },
    async finish() {
      await Promise.all(running)
      if (failure !== undefined) throw failure.error
      return done
    },
    async cancel() {
      ended.abort()
      await Promise.all(running)
    },
  }

  /** It never rejects: nobody may be waiting for it yet. */
  async function send(part: Part, number: number): Promise<void> {
    try {
      done[number - 1] = await deps.send(part, number, ended.signal)
    } catch (error) {
      // What was given up has not failed.
      if (ended.signal.aborted) return
      failure = { error }
      ended.abort()
      deps.onFailure?.()
    }
  }
}
