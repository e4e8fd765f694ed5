import { readFile, rename, rm, writeFile } from 'node:fs/promises'

/**
 * Writes metrics where node_exporter's textfile collector reads them. A reader sees the old file or
 * the new one, whole. Rejects where it cannot be written.
 */
export async function writeMetricsFile(path: string, text: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => '')
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeFile(temporary, text + lastSuccess(before, text))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** A run that fails says nothing of the last success: what the file said of it stays true. */
function lastSuccess(before: string, text: string): string {
  const name = /^(\w+_last_success_timestamp_seconds) /m.exec(before)?.[1]
  if (name === undefined || text.includes(`\n${name} `)) return ''
  const kept = before.split('\n').filter((line) => line.split(' ').includes(name))
  return `\n${kept.join('\n')}\n`
}
