import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// What only a shell shows: who reads, who leaves, and with which code it ends.
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const nearport = `"${process.execPath}" "${main}"`
const options = { timeout: 20_000 }

test('a reader that has seen enough ends a lookup, and that is no failure', options, async () => {
  const lookup = `yes 35.180.1.1 | ${nearport} ranges lookup | head -n 1; echo "\${PIPESTATUS[1]}"`
  expect(await bash(lookup)).toBe('35.180.1.1\taws\teu-west-3\n0\n')
})

test('what failed has failed, whoever reads it', options, async () => {
  const refused = `${nearport} explain --ip 1.2.3.4 2>/dev/null | true; echo "\${PIPESTATUS[0]}"`
  expect(await bash(refused)).toBe('2\n')
})

async function bash(script: string): Promise<string> {
  return (await promisify(execFile)('bash', ['-c', script])).stdout
}
