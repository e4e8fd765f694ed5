import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  folderIndexPrefix,
  generationOf,
  indexPointerName,
  mirrorIndexPrefix,
} from '../core/index-pointer.ts'
import type { Bucket } from './bucket.ts'
import { immutable } from './bucket.ts'

/**
 * A place that an index is published to: a mirror, or a folder. Names are those after its prefix.
 */
export type IndexPlace = {
  /** What messages call it. */
  readonly name: string
  readonly prefix: string
  readonly read: (name: string) => Promise<Uint8Array | undefined>
  /** Appears whole or not at all. */
  readonly write: (name: string, bytes: Uint8Array) => Promise<void>
  /** Names and sizes in bytes. */
  readonly list: () => Promise<ReadonlyMap<string, number>>
  readonly remove: (name: string) => Promise<void>
}

/** A mirror as a place for the index. */
export function bucketPlace(bucket: Bucket): IndexPlace {
  const prefix = mirrorIndexPrefix
  return {
    name: bucket.mirror.id,
    prefix,
    read: (name) => bucket.get(prefix + name),
    write: (name, bytes) =>
      bucket.put(
        prefix + name,
        bytes,
        name === indexPointerName
          ? { contentType: 'application/json', cacheControl: 'no-cache' }
          : { contentType: 'application/octet-stream', cacheControl: immutable },
      ),
    async list() {
      const keys = await bucket.listKeys(prefix)
      return new Map([...keys].map(([key, bytes]) => [key.slice(prefix.length), bytes]))
    },
    remove: (name) => bucket.remove(prefix + name),
  }
}

/** A folder as a place for the index; it is made where it is not there. */
export function folderPlace(directory: string): IndexPlace {
  const folder = join(directory, folderIndexPrefix)
  return {
    name: directory,
    prefix: folderIndexPrefix,
    read: (name) => orNothing(readFile(join(folder, name))),
    async write(name, bytes) {
      await mkdir(folder, { recursive: true })
      // Another run may be writing the same name, perhaps on another machine.
      const temporary = join(folder, `.${name}.${randomUUID()}`)
      try {
        await writeFile(temporary, bytes, { flush: true, flag: 'wx' })
        await rename(temporary, join(folder, name))
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    },
    async list() {
      const names = (await orNothing(readdir(folder))) ?? []
      const sizes = new Map<string, number>()
      for (const name of names.filter(isOfIndex)) {
        // What another run has removed meanwhile is not there.
        const found = await orNothing(stat(join(folder, name)))
        if (found !== undefined) sizes.set(name, found.size)
      }
      return sizes
    },
    remove: (name) => rm(join(folder, name), { force: true }),
  }
}

/** Not what another run is just writing, under a name of its own. */
function isOfIndex(name: string): boolean {
  return name === indexPointerName || generationOf(name, '') !== undefined
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}
