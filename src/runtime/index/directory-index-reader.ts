import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { folderIndexPrefix, indexPointerName } from '../../core/index-pointer.ts'
import type { IndexReader } from '../../proxy/index-keeper.ts'
import { readPointer } from '../../proxy/index-keeper.ts'

/** Reads the index that sync left in a folder. */
export function createDirectoryIndexReader(directory: string): IndexReader {
  return {
    name: directory,
    async pointer() {
      try {
        const path = join(directory, folderIndexPrefix, indexPointerName)
        return readPointer(await readFile(path, 'utf8'), folderIndexPrefix)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    file: ({ key }) => readFile(join(directory, key)),
  }
}
