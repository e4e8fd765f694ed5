import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  folderIndexPrefix,
  generationName,
  generationOf,
  indexPointerName,
} from '../../core/index-pointer.ts'
import type { KeptIndex } from '../../proxy/index-keeper.ts'
import { createDirectoryIndexReader } from './directory-index-reader.ts'

/**
 * A folder that serve keeps its last good index in, as sync's own folder has it: a service that starts
 * finds it there when no mirror answers. The pointer is written last, so that a reader, or whoever is
 * killed, sees one index or the other whole. Several processes may share it.
 */
export function createKeptIndex(directory: string): KeptIndex {
  const folder = join(directory, folderIndexPrefix)
  const write = async (name: string, bytes: string | Uint8Array) => {
    const fresh = join(folder, `.${name}.${randomUUID()}`)
    try {
      await writeFile(fresh, bytes, { flush: true })
      await rename(fresh, join(folder, name))
    } finally {
      await rm(fresh, { force: true })
    }
  }
  return {
    reader: createDirectoryIndexReader(directory),
    async keep(pointer, bytes) {
      await mkdir(folder, { recursive: true })
      const name = generationName(pointer.generation)
      if (bytes !== undefined) await write(name, bytes)
      // What is kept is whole: of deltas there are none.
      const { deltas: _, ...whole } = pointer
      await write(indexPointerName, JSON.stringify({ ...whole, key: folderIndexPrefix + name }))
      for (const other of await readdir(folder)) {
        const generation = generationOf(other, '')
        if (generation !== undefined && generation < pointer.generation) {
          await rm(join(folder, other), { force: true })
        }
      }
    },
  }
}
