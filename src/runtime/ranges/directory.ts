import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The last good table, as the folder of `ranges.directory` has it. */
export const keptTableName = 'ranges.bin'

/** The kept table; undefined: there is none. Rejects where it cannot be read. */
export async function loadKeptTable(directory: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(join(directory, keptTableName))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Puts a table in the place of the kept one: a reader, or whoever is killed, sees one or the other. */
export async function saveKeptTable(directory: string, table: Uint8Array): Promise<void> {
  const path = join(directory, keptTableName)
  // Several processes may keep theirs in one folder.
  const fresh = `${path}.${process.pid}.new`
  await mkdir(directory, { recursive: true })
  try {
    await writeFile(fresh, table, { flush: true })
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}
