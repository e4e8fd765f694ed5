import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../src/runtime/log.ts'

test('an event is a line of JSON, and the end waits for all of them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'log')
  const fd = openSync(file, 'w')
  const log = createLog(fd)
  for (let n = 0; n < 1000; n++) log.write({ n })
  await log.end()
  closeSync(fd)
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    Array.from({ length: 1000 }, (_, n) => ({ n })),
  )
})

// A process of its own: its standard output is a pipe that this test reads when it pleases.
const module = new URL('../../src/runtime/log.ts', import.meta.url).href
const writer = (rest: string) => `
  import { createLog } from ${JSON.stringify(module)}
  const log = createLog(1)
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  ${rest}`

test(
  'a stuck reader makes nobody wait, and is told what it missed',
  { timeout: 15_000 },
  async () => {
    const child = run(`
    const line = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 40; n++) {
      const start = performance.now()
      log.write({ line })
      if (performance.now() - start > 1000) process.exit(1)
      await pause(1)
    }
    console.error('written')
    await pause(1000)
    await log.end()`)
    // Only when all is written does the reader begin to read.
    await new Promise((resolve) => child.stderr.once('data', resolve))
    const lines = (await text(child.stdout)).trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as { event?: string; count?: number })
    const told = events.filter(({ event }) => event === 'events-lost')
    const count = told.reduce((sum, each) => sum + each.count!, 0)
    expect(count).toBeGreaterThan(0)
    expect(events.length - told.length + count).toBe(40)
  },
)

test('a reader that is gone takes nothing with it', { timeout: 15_000 }, async () => {
  const child = run(`
    for (let n = 0; n < 50; n++) {
      log.write({ n })
      await pause(5)
    }
    await log.end()
    console.error('still here')`)
  child.stdout.destroy()
  expect(await text(child.stderr)).toBe('still here\n')
})

function run(rest: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer(rest)])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
