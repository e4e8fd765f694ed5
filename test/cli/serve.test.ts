import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

// The process itself, as an orchestrator meets it: started, asked to stop, and gone.
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

test.for<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
  '%s drains: no request is refused meanwhile, and the exit code is 0',
  { timeout: 15_000 },
  async (signal) => {
    const { child, port, out } = await start({ drainSeconds: 1.5 })
    const url = `http://127.0.0.1:${port}/v2/`
    const exited = once(child, 'exit')
    child.kill(signal)

    const asked = performance.now()
    const statuses = new Set<number>()
    while (performance.now() - asked < 400) statuses.add((await fetch(url)).status)
    expect([...statuses]).toEqual([200])

    expect(await exited).toEqual([0, null])
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    const events = out().map((line) => (JSON.parse(line) as { event: string }).event)
    expect(events.slice(0, 1)).toEqual(['started'])
    expect(events.slice(-1)).toEqual(['stopped'])
    expect(events).toContain('draining')
  },
)

/** Starts `nearport serve` on free ports; it is ended with the test. */
async function start(settings: object): Promise<{
  readonly child: ChildProcessWithoutNullStreams
  readonly port: string
  readonly out: () => readonly string[]
}> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-serve-'))
  const config = join(folder, 'nearport.json')
  const upstreams = [{ registry: 'http://127.0.0.1:1' }]
  const listening = { host: '127.0.0.1', port: 0, adminPort: 0 }
  await writeFile(
    config,
    JSON.stringify({ upstreams, presence: 'assume', ...listening, ...settings }),
  )

  const child = spawn(process.execPath, [main, 'serve', '--config', config])
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  while (!text.includes('clients on port')) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const [, port] = /clients on port (\d+)/.exec(text)!
  return { child, port: port!, out: () => text.trimEnd().split('\n') }
}
