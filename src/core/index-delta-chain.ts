/**
 * A file that leads from one generation of the index to another, as `current.json` names it. Those of
 * a pointer are a chain: each begins where the one before it ends, and the last leads to the
 * pointer's own generation.
 */
export type IndexDelta = {
  readonly from: number
  readonly to: number
  /** Its object key in the mirror, or its path in the folder. */
  readonly key: string
  /** SHA-256 of the whole file, in lower-case hex. */
  readonly sha256: string
  readonly sizeBytes: number
}

/** So many looks a reader may miss, and still need no whole file. */
const longestChain = 8

/** The name of a delta, after the prefix. */
export function deltaName(from: number, to: number): string {
  return `${from}-${to}.delta`
}

/** The generations that a name, without its prefix, leads from and to; undefined: it is no delta's. */
export function deltaOf(name: string): Pick<IndexDelta, 'from' | 'to'> | undefined {
  const match = /^(\d{1,15})-(\d{1,15})\.delta$/.exec(name)
  return match ? { from: Number(match[1]), to: Number(match[2]) } : undefined
}

/**
 * The end of a chain that is worth its bytes: no more than eight, and in sum less than half of the
 * whole file, since a reader that takes that is done in one go.
 */
export function worthwhile(
  chain: readonly IndexDelta[],
  fileBytes: number,
): readonly IndexDelta[] | undefined {
  let first = chain.length
  let bytes = 0
  while (first > Math.max(0, chain.length - longestChain)) {
    bytes += chain[first - 1]!.sizeBytes
    if (bytes * 2 >= fileBytes) break
    first--
  }
  return first === chain.length ? undefined : chain.slice(first)
}

/** The deltas that lead from a generation to a pointer's; undefined: there is no such way. */
export function chainFrom(
  generation: number,
  pointer: { readonly sizeBytes: number; readonly deltas?: readonly IndexDelta[] },
): readonly IndexDelta[] | undefined {
  const first = pointer.deltas?.findIndex(({ from }) => from === generation) ?? -1
  if (first === -1) return undefined
  const chain = pointer.deltas!.slice(first)
  return worthwhile(chain, pointer.sizeBytes)?.length === chain.length ? chain : undefined
}

/**
 * Reads the chain of a pointer that lies under `prefix`. Undefined where it is none: the whole file
 * is always there, so that what a later version writes in its place does no harm.
 */
export function parseChain(
  json: unknown,
  prefix: string,
  generation: number,
): readonly IndexDelta[] | undefined {
  if (!Array.isArray(json) || json.length === 0) return undefined
  const chain = json.map((each) => parseDelta(each, prefix))
  if (!chain.every((each) => each !== undefined)) return undefined
  const isWhole = chain.every(({ to }, at) => to === (chain[at + 1]?.from ?? generation))
  return isWhole ? chain : undefined
}

function parseDelta(json: unknown, prefix: string): IndexDelta | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { key, sha256, sizeBytes } = json as Readonly<Partial<Record<keyof IndexDelta, unknown>>>
  // A reader fetches this key: nothing but a delta.
  if (typeof key !== 'string' || !key.startsWith(prefix)) return undefined
  const named = deltaOf(key.slice(prefix.length))
  if (named === undefined || typeof sizeBytes !== 'number' || !(sizeBytes > 0)) return undefined
  if (typeof sha256 !== 'string' || !/^[a-f0-9]{64}$/.test(sha256)) return undefined
  return { ...named, key, sha256, sizeBytes }
}
