import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

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

test('a port that is taken ends it, in the demonstration too', options, async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as AddressInfo
  const serve = `cd / && ${nearport} serve --host 127.0.0.1 --port ${port} --admin-port 0 2>&1; echo $?`
  expect(await bash(serve)).toContain(
    `nearport serve: port ${port} of 127.0.0.1 is taken (EADDRINUSE)\n1\n`,
  )
})

test('a stuck reader of the log does not keep it from ending', options, async () => {
  const stuck = `
    mkfifo "$0/log" && exec 3<>"$0/log"
    ${nearport} serve --host 127.0.0.1 --port 0 --admin-port 0 --config "$0/nearport.json" >"$0/log" &
    pid=$!
    read -r line <&3 && port=$(sed -E 's/.*clients on port ([0-9]+).*/\\1/' <<<"$line")
    for n in $(seq 40); do curl -s -o /dev/null "http://127.0.0.1:$port/v2/[1-100]"; done
    kill "$pid" && wait "$pid"
    echo "$?"`
  const folder = await mkdtemp(join(tmpdir(), 'nearport-log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const config = {
    upstreams: [{ registry: 'http://127.0.0.1:1' }],
    presence: 'assume',
    drainSeconds: 0,
  }
  await writeFile(join(folder, 'nearport.json'), JSON.stringify(config))
  expect(await bash(stuck, folder)).toBe('0\n')
})

async function bash(script: string, argument = ''): Promise<string> {
  return (await promisify(execFile)('bash', ['-c', script, argument])).stdout
}
