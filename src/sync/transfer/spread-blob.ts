import type { Config } from '../../config.ts'
import type { BlobState, Lacking } from './blob-state.ts'
import { forEachLimited } from '../concurrency.ts'
import type { CopyDeps } from './copy-blob.ts'
import { copyInside } from './copy-blob.ts'
import type { BlobSource } from './read-blob.ts'
import type { SendDeps } from './send-blob.ts'
import { sendBlob } from './send-blob.ts'

/**
 * How a blob comes to several mirrors. `copy`: it is written to one mirror of each store while it is
 * read once, and copied inside the stores, which costs no bytes; `tee`: it is written to all of them
 * while it is read once, for stores whose copies are slow or not to be had; `read`: it is written to
 * the first, and each other gets it from the nearest mirror that has it, through here: where the
 * way to the upstream is the dear one and mirrors are read for nothing.
 */
export type Spread = Config['sync']['spread']

export type SpreadDeps = SendDeps & CopyDeps & { readonly spread: Spread }

/** One read, and the mirrors that are written to meanwhile. */
type Sending = { readonly source: BlobSource; readonly targets: readonly Lacking[] }

/** Reads of one blob at once: more than one only from mirrors. */
const readsAtOnce = 4

/**
 * Brings one blob to every mirror that lacks it, or as far as that can be done: the upstream is read
 * only while no mirror has it. What fails is a problem by its name.
 */
export async function spreadBlob(state: BlobState, deps: SpreadDeps): Promise<void> {
  const { spread, ways, stop } = deps
  // It ends: every turn settles a mirror, or spends one of the tries of a mirror, a way or a source.
  while (!stop.aborted) {
    state.leaveAlone()
    if (state.lacking.size === 0) return
    if (spread === 'copy' && (await copyInside(state, deps))) continue
    const sendings = chooseSendings()
    if (sendings.length === 0) return
    await forEachLimited(sendings, readsAtOnce, ({ source, targets }) =>
      sendBlob(state, source, targets, deps),
    )
  }

  function chooseSendings(): readonly Sending[] {
    const lacking = [...state.lacking.values()]
    const source = state.sources.toReadFrom(lacking[0]!.bucket)
    if (source === undefined) return []
    switch (spread) {
      case 'copy':
        return [{ source, targets: firstToCopyFrom(lacking) }]
      case 'tee':
        return [{ source, targets: lacking }]
      case 'read':
        if (source.kind === 'upstream') return [{ source, targets: [lacking[0]!] }]
        return lacking.map((to) => ({
          source: state.sources.toReadFrom(to.bucket)!,
          targets: [to],
        }))
    }
  }

  /** Those that have to be sent the bytes: from one of them each other can be copied. */
  function firstToCopyFrom(lacking: readonly Lacking[]): readonly Lacking[] {
    const targets: Lacking[] = []
    for (const to of lacking) {
      const isCopied = targets.some(
        ({ bucket }) =>
          to.mayCopy && bucket.store === to.bucket.store && ways.isOpen(bucket, to.bucket),
      )
      if (!isCopied) targets.push(to)
    }
    return targets
  }
}
