import type { BlobState, Lacking } from './blob-state.ts'
import { ContentError } from './content-error.ts'
import type { BlobReader, BlobSource } from './read-blob.ts'
import type { Recorder } from '../recorder.ts'
import type { Branch, Tee } from './tee.ts'
import type { Tally } from './transfer-tally.ts'

export type SendDeps = {
  readonly read: BlobReader
  readonly recorder: Recorder
  readonly tally: Tally
  readonly stop: AbortSignal
  readonly now: () => number
  readonly pause: (tries: number) => Promise<void>
}

/**
 * Reads a blob once and writes it to several mirrors meanwhile. What became of it, of each of them
 * and of the source, is in the state; it never throws.
 */
export async function sendBlob(
  state: BlobState,
  source: BlobSource,
  targets: readonly Lacking[],
  deps: SendDeps,
): Promise<void> {
  const { recorder, tally, stop, now } = deps
  const { digest, sizeBytes, manifest } = state.blob
  const failures = state.failuresOf(source)
  const tries = Math.max(failures, ...targets.map((each) => each.failures))
  if (tries > 0) await deps.pause(tries)
  if (stop.aborted) return

  const startMs = now()
  if (source.kind === 'upstream') recorder.step({ step: 'reading', digest, sizeBytes })
  else tally.asked(source.bucket.mirror.id, 'reads')
  let tee: Tee
  try {
    const reading = { destinations: targets.length, mayRange: failures === 0 }
    tee = await deps.read(state.blob, source, reading)
  } catch (error) {
    if (!stop.aborted) state.sourceFailed(source, targets[0]!, error)
    return
  }

  await Promise.all(targets.map((to, at) => put(to, tee.branches[at]!)))
  if (stop.aborted) return
  const failure = tee.failure()
  if (failure !== undefined) state.sourceFailed(source, targets[0]!, failure)
  // It was read to its end, and every byte was right.
  else if (source.kind === 'mirror' && tee.isVerified()) state.sources.prove(source.bucket)

  async function put(to: Lacking, branch: Branch): Promise<void> {
    tally.asked(to.id, 'puts')
    try {
      const { body } = branch
      const how = { overwrite: to.overwrite, contentType: manifest }
      const outcome = await to.bucket.putBlob(digest, sizeBytes, body, how)
      if (outcome === 'there') return state.wasThere(to)
      if (tee.failure() === undefined) arrive(to, branch)
    } catch (error) {
      // What is the source's failure is seen once, for all of them.
      const isOwn = tee.failure() === undefined || branch.droppedOut()
      if (isOwn && !stop.aborted) state.targetFailed(to, error)
    } finally {
      branch.body.destroy()
    }
  }

  function arrive(to: Lacking, branch: Branch): void {
    if (branch.droppedOut() || !tee.isVerified()) {
      throw new ContentError('stalled', `${to.id} says that it has ${digest}, and was sent a part`)
    }
    const from = source.kind === 'upstream' ? 'upstream' : source.bucket.mirror.id
    const how = source.kind === 'upstream' ? 'uploaded' : 'copied'
    state.arrived(to, { how, from, durationMs: now() - startMs })
  }
}
