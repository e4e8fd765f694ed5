import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashedPart } from '../../../src/core/blob-index.ts'
import { sealIndex } from '../../../src/core/blob-index-writer.ts'
import type { IndexPointer } from '../../../src/core/index-pointer.ts'

/** What is wrong with an index: changed before its hash is put into it, or damaged after. */
export type IndexLie = {
  readonly change?: (bytes: Buffer) => void
  readonly damage?: (bytes: Buffer) => void
  /** Default: one more than the last. */
  readonly generation?: number
}

/** The index that sync left in a folder. */
export async function readSoundIndex(directory: string): Promise<Buffer> {
  const { key } = JSON.parse(await readFile(pointerIn(directory), 'utf8')) as IndexPointer
  return readFile(join(directory, key))
}

/** Publishes a sound index again in a folder, as a newer one, with something wrong. */
export async function publishIndex(
  directory: string,
  sound: Buffer,
  lie: IndexLie = {},
): Promise<void> {
  const file = pointerIn(directory)
  const last = JSON.parse(await readFile(file, 'utf8')) as IndexPointer
  const bytes = Buffer.from(sound)
  const generation = lie.generation ?? last.generation + 1
  // Format: src/core/blob-index.ts.
  bytes.writeDoubleLE(generation, 48)
  lie.change?.(bytes)
  sealIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  lie.damage?.(bytes)
  const key = `index/${generation}.bin`
  await writeFile(join(directory, key), bytes)
  const times = { checkedAt: new Date().toISOString() }
  await writeFile(file, JSON.stringify({ ...last, generation, key, sha256, ...times }))
}

function pointerIn(directory: string): string {
  return join(directory, 'index/current.json')
}

/** The last byte's last bit the other way round. */
export function flipBit(bytes: Buffer): void {
  bytes[bytes.length - 1]! ^= 1
}

/** One blob less in the second mirror, so that the next sync has something to publish. */
export function lackOne(bytes: Buffer): void {
  bytes[bytes.length - 1]! &= 1
}

/** Of a version that nobody knows yet. */
export function ofNextVersion(bytes: Buffer): void {
  bytes.writeUInt32LE(bytes.readUInt32LE(8) + 1, 8)
}

/** As a deployment has it whose mirrors are elsewhere: each URL's port begins in another way. */
export function withOtherPorts(from: string, to: string): (bytes: Buffer) => void {
  return (bytes) => {
    let at = bytes.indexOf(`:${from}`)
    while (at !== -1) {
      bytes.write(`:${to}`, at)
      at = bytes.indexOf(`:${from}`)
    }
  }
}
