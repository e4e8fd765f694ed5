import { alignedIndex, sealOf } from '../core/blob-index.ts'
import { failureText } from '../core/failure-text.ts'
import { applyIndexDelta, openIndexDelta } from '../core/index-delta.ts'
import type { IndexDelta } from '../core/index-delta-chain.ts'
import { chainFrom } from '../core/index-delta-chain.ts'
import type { IndexPointer } from '../core/index-pointer.ts'
import type { IndexReader } from './index-keeper.ts'

/** The bytes of a generation that is at hand, aligned, and their SHA-256 in hex. */
export type HeldIndex = {
  readonly generation: number
  readonly sha256: string
  readonly bytes: Uint8Array
}

export type IndexFileDeps = {
  readonly reader: IndexReader
  readonly sha256: Sha256
  /** Hears how long each file is that was read. */
  readonly moved: (bytes: number) => void
  /** Hears why a chain of deltas came to nothing. */
  readonly problem: (text: string) => void
}

/** Makes the SHA-256 of bytes: off the thread that answers requests, or with room for them between. */
export type Sha256 = (bytes: Uint8Array) => Promise<Uint8Array>

/**
 * Reads the file that a pointer names: by the deltas that lead there from what is at hand, or, on any
 * doubt, whole. Either way it is the file that the pointer promises, by its SHA-256. Throws where the
 * whole file cannot be had.
 */
export async function readIndexFile(
  pointer: IndexPointer,
  held: HeldIndex | undefined,
  deps: IndexFileDeps,
): Promise<HeldIndex> {
  const { generation, sha256 } = pointer
  const chain = held && chainFrom(held.generation, pointer)
  if (held !== undefined && chain !== undefined) {
    try {
      const bytes = await followChain(held, chain, deps)
      await checkSha256(bytes, sha256, deps)
      return { generation, sha256, bytes }
    } catch (error) {
      deps.problem(`a delta of generation ${generation}: ${failureText(error)}: read whole instead`)
    }
  }
  return { generation, sha256, bytes: await readChecked(pointer, deps) }
}

/** Reads a file whose SHA-256 is promised; the bytes are aligned. Throws where they are others. */
export async function readChecked(
  file: { readonly key: string; readonly sizeBytes: number; readonly sha256: string },
  deps: Pick<IndexFileDeps, 'reader' | 'sha256' | 'moved'>,
): Promise<Uint8Array> {
  const bytes = alignedIndex(await deps.reader.file(file))
  deps.moved(bytes.length)
  await checkSha256(bytes, file.sha256, deps)
  return bytes
}

/** Deltas are read one after the other: each is small, and applied before the next is asked for. */
async function followChain(
  held: HeldIndex,
  chain: readonly IndexDelta[],
  deps: IndexFileDeps,
): Promise<Uint8Array> {
  let { bytes, sha256 } = held
  for (const link of chain) {
    const file = await readChecked(link, deps)
    const delta = openIndexDelta(file, sealOf(file))
    if (hexOf(delta.fromSha256) !== sha256) throw new Error('it leads from other bytes than ours')
    bytes = await withRoom(applyIndexDelta(bytes, delta))
    sha256 = hexOf(delta.toSha256)
  }
  return bytes
}

/** Takes the steps of some work, and lets requests be answered between them. */
async function withRoom<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await new Promise<void>((resolve) => setTimeout(resolve))
  }
}

async function checkSha256(
  bytes: Uint8Array,
  wanted: string,
  { sha256 }: Pick<IndexFileDeps, 'sha256'>,
): Promise<void> {
  const got = hexOf(await sha256(bytes))
  if (got !== wanted) throw new Error(`wanted SHA-256 ${wanted}, got ${got}`)
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
