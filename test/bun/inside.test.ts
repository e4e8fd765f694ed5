import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { run } from '../e2e/parts/process.ts'
import { bunProgram } from './parts/place.ts'

test('the proxy’s own tests pass on Bun, and those of what keeps it going there', async () => {
  const report = join(tmpdir(), `nearport-bun-${process.pid}.json`)
  onTestFinished(() => rm(report, { force: true }))
  const vitest = fileURLToPath(new URL('../vitest.mjs', import.meta.resolve('vitest')))
  const root = join(import.meta.dirname, '../..')
  const config = join(root, 'vitest.bun.config.ts')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  await run([bunProgram(), '--bun', vitest, 'run', '--config', config, ...reporters], {
    cwd: root,
    deadlineMs: 100_000,
  })
  const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8'))
  console.log(`${numPassedTests} tests passed on Bun itself`)
  expect(numFailedTests).toBe(0)
  expect(numPassedTests).toBeGreaterThan(300)
}, 120_000)
