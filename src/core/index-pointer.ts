import type { IndexDelta } from './index-delta-chain.ts'
import { parseChain } from './index-delta-chain.ts'

/**
 * `current.json`: which generation of the index is the newest, and what it must be. It lies beside
 * the generations, in a mirror under `nearport/index/`, in a folder under `index/`.
 */
export type IndexPointer = {
  readonly generation: number
  /** SHA-256 of the whole file, in lower-case hex. */
  readonly sha256: string
  readonly sizeBytes: number
  /** The generation's object key in the mirror, or its path in the folder. */
  readonly key: string
  /** When these contents were first published: ISO 8601. */
  readonly publishedAt: string
  /** When a sync last found them still right: ISO 8601. */
  readonly checkedAt: string
  /**
   * Somebody went back to an earlier generation: sync publishes nothing new until it is released.
   */
  readonly pinned?: IndexPin
  /** What leads here from the generations before. */
  readonly deltas?: readonly IndexDelta[]
}

/** Whose contents a pinned generation repeats, and when it was pinned: ISO 8601. */
export type IndexPin = { readonly generation: number; readonly at: string }

/** Where an index lies in a mirror. */
export const mirrorIndexPrefix = 'nearport/index/'

/** Where an index lies in the folder that `index.directory` names. */
export const folderIndexPrefix = 'index/'

/** The pointer's own name, after the prefix. */
export const indexPointerName = 'current.json'

/** The name of a generation, after the prefix. */
export function generationName(generation: number): string {
  return `${generation}.bin`
}

/** The generation that a key under `prefix` is, or undefined where it is something else. */
export function generationOf(key: string, prefix: string): number | undefined {
  if (!key.startsWith(prefix)) return undefined
  const match = /^(\d{1,15})\.bin$/.exec(key.slice(prefix.length))
  return match ? Number(match[1]) : undefined
}

/**
 * Reads a pointer that lies under `prefix`. Returns a sentence saying what is wrong where the text
 * is not one.
 */
export function parseIndexPointer(text: string, prefix: string): IndexPointer | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return 'wanted JSON'
  }
  if (typeof json !== 'object' || json === null) return 'wanted a JSON object'

  const { generation, sha256, sizeBytes, key, publishedAt, checkedAt, ...more } = json as Fields
  if (!isCount(generation)) return `wanted a generation, got ${show(generation)}`
  if (typeof sha256 !== 'string' || !/^[a-f0-9]{64}$/.test(sha256)) {
    return `wanted a SHA-256 in hex, got ${show(sha256)}`
  }
  if (!isCount(sizeBytes)) return `wanted a size in bytes, got ${show(sizeBytes)}`
  // A reader fetches this key: nothing but the generation that it says it is.
  const wantedKey = `${prefix}${generationName(generation)}`
  if (key !== wantedKey) return `wanted the key ${wantedKey}, got ${show(key)}`
  if (!isTime(publishedAt)) return `wanted an ISO time in publishedAt, got ${show(publishedAt)}`
  if (!isTime(checkedAt)) return `wanted an ISO time in checkedAt, got ${show(checkedAt)}`
  const deltas = parseChain(more.deltas, prefix, generation)
  const pointer = {
    generation,
    sha256,
    sizeBytes,
    key,
    publishedAt,
    checkedAt,
    ...(deltas !== undefined && { deltas }),
  }
  const { pinned } = more
  if (pinned === undefined) return pointer
  if (!isPin(pinned)) return `wanted a generation and an ISO time in pinned, got ${show(pinned)}`
  return { ...pointer, pinned: { generation: pinned.generation, at: pinned.at } }
}

type Fields = Readonly<Partial<Record<keyof IndexPointer, unknown>>>

function isPin(value: unknown): value is IndexPin {
  if (typeof value !== 'object' || value === null) return false
  const { generation, at } = value as Readonly<Partial<Record<keyof IndexPin, unknown>>>
  return isCount(generation) && isTime(at)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value)
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80)
}
