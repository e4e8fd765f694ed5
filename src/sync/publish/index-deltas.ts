import { createHash } from 'node:crypto'
import { hashedPart } from '../../core/blob-index.ts'
import { sealIndex } from '../../core/blob-index-writer.ts'
import type { IndexDelta } from '../../core/index-delta-chain.ts'
import { deltaName, worthwhile } from '../../core/index-delta-chain.ts'
import { writeIndexDelta } from '../../core/index-delta-writer.ts'
import type { IndexPointer } from '../../core/index-pointer.ts'
import { generationName } from '../../core/index-pointer.ts'
import type { FoundPlace } from './published-places.ts'

/** A delta but for where it lies, which each place calls otherwise. */
export type DeltaLink = Omit<IndexDelta, 'key'>

/** A delta to be written beside the generation that it leads to. */
export type MadeDelta = { readonly link: DeltaLink; readonly bytes: Uint8Array }

/**
 * Makes the delta from the newest generation to the one that is being published. Undefined where no
 * place has that generation whole, or the delta would be no less than half of the file: its readers
 * read the file, as those of any older one do.
 */
export async function makeDelta(
  newest: IndexPointer,
  found: readonly FoundPlace[],
  file: { readonly generation: number; readonly bytes: Uint8Array },
): Promise<MadeDelta | undefined> {
  const before = await readWhole(newest, found)
  if (before === undefined) return undefined
  const sha256 = sha256Of(file.bytes)
  const bytes = writeIndexDelta(
    { bytes: before, sha256: sha256Of(before) },
    { bytes: file.bytes, sha256 },
  )
  if (bytes === undefined) return undefined
  sealIndex(bytes, sha256Of(hashedPart(bytes)))
  const link = {
    from: newest.generation,
    to: file.generation,
    sha256: sha256Of(bytes).toString('hex'),
    sizeBytes: bytes.length,
  }
  return worthwhile([{ ...link, key: '' }], file.bytes.length) && { link, bytes }
}

/**
 * What a place's pointer may say of a chain: the end of it that is worth its bytes, as far back as the
 * place has every file of it. `written`: the name of one that has just been put there.
 */
export function chainIn(
  { place, deltas }: FoundPlace,
  chain: readonly DeltaLink[],
  fileBytes: number,
  written: string | undefined,
): readonly IndexDelta[] | undefined {
  const isThere = ({ from, to, sizeBytes }: DeltaLink) => {
    const name = deltaName(from, to)
    return name === written || deltas.get(name) === sizeBytes
  }
  const there = chain.slice(chain.findLastIndex((link) => !isThere(link)) + 1)
  return worthwhile(
    there.map(({ from, to, sha256, sizeBytes }) => {
      return { from, to, key: place.prefix + deltaName(from, to), sha256, sizeBytes }
    }),
    fileBytes,
  )
}

/** The bytes that a pointer promises, from a place that has them. */
async function readWhole(
  { generation, sha256 }: IndexPointer,
  found: readonly FoundPlace[],
): Promise<Uint8Array | undefined> {
  // A folder is the last of the places, and the nearest.
  for (const { place, generations } of found.toReversed()) {
    if (!generations.has(generation)) continue
    // One that cannot be read is told of where something is written to it.
    const there = await place.read(generationName(generation)).catch(() => undefined)
    if (there !== undefined && sha256Of(there.bytes).toString('hex') === sha256) return there.bytes
  }
  return undefined
}

function sha256Of(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
