import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deltaOf } from '../../core/index-delta-chain.ts'
import { folderIndexPrefix, generationOf, indexPointerName } from '../../core/index-pointer.ts'
import type { IndexPlace } from './index-place.ts'

/**
 * A folder as a place for the index; it is made where it is not there. Runs on several machines may
 * share it: a name is taken with a hard link, and the pointer changed under a lock.
 */
export function folderPlace(directory: string): IndexPlace {
  const folder = join(directory, folderIndexPrefix)
  const pathOf = (name: string) => join(folder, name)

  const read = async (name: string) => {
    const bytes = await orNothing(readFile(pathOf(name)))
    return bytes && { bytes, version: sha256Of(bytes) }
  }

  return {
    name: directory,
    prefix: folderIndexPrefix,
    read,
    async write(name, bytes, condition) {
      await mkdir(folder, { recursive: true })
      // Another run may be writing the same name, perhaps on another machine.
      const temporary = pathOf(`.${name}.${randomUUID()}`)
      try {
        await writeFile(temporary, bytes, { flush: true, flag: 'wx' })
        if (condition === 'absent') return await linkIfAbsent(temporary, pathOf(name))
        if (condition === 'any') {
          await rename(temporary, pathOf(name))
          return true
        }
        return await locked(pathOf(`.${name}.lock`), async () => {
          if ((await read(name))?.version !== condition.version) return false
          await rename(temporary, pathOf(name))
          return true
        })
      } finally {
        await rm(temporary, { force: true })
      }
    },
    async list() {
      const sizes = new Map<string, number>()
      for (const name of (await namesIn(folder)).filter(isOfIndex)) {
        // What another run has removed meanwhile is not there.
        const found = await orNothing(stat(pathOf(name)))
        if (found !== undefined) sizes.set(name, found.size)
      }
      return sizes
    },
    remove: (name) => rm(pathOf(name), { force: true }),
    async tidy(beforeMs) {
      for (const name of (await namesIn(folder)).filter((each) => temporaryName.test(each))) {
        const found = await orNothing(stat(pathOf(name)))
        if (found !== undefined && found.mtimeMs < beforeMs) await rm(pathOf(name), { force: true })
      }
    },
  }
}

const temporaryName = /^\.(?:current\.json|\d{1,15}\.bin|\d{1,15}-\d{1,15}\.delta)\.[0-9a-f-]{36}$/

/** Not what another run is just writing, under a name of its own. */
function isOfIndex(name: string): boolean {
  const isFile = generationOf(name, '') !== undefined || deltaOf(name) !== undefined
  return isFile || name === indexPointerName
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // Some file systems have no hard links. What is left is the moment between two calls.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error)!)) throw error
    if ((await orNothing(stat(to))) !== undefined) return false
    await rename(from, to)
    return true
  }
}

/** Whoever holds a lock reads and renames one small file: this long, and it was killed. */
const longestLockMs = 30_000

async function locked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await writeFile(lock, '', { flag: 'wx' })
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const held = await orNothing(stat(lock))
    if (held !== undefined && Date.now() - held.mtimeMs > longestLockMs) {
      await rm(lock, { force: true })
    }
    await sleep(5 + Math.random() * 20)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await orNothing(readdir(folder))) ?? []
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { readonly code?: string }).code
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
