import { mkdir, writeFile } from 'node:fs/promises'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { answers, startProcess, type Stoppable } from '../../e2e/parts/process.ts'

/** A docker-registry on loopback. */
export type BenchRegistry = Stoppable & {
  readonly host: string
  readonly url: string
  /** What it was asked since the last call. */
  readonly take: () => Promise<RegistryTotals>
}

/** From the registry's own access log. */
export type RegistryTotals = {
  readonly requests: number
  /** Bytes of blobs sent to GET requests, as the registry counted them while it wrote. */
  readonly blobBytes: number
}

/** Starts a docker-registry (distribution 2.8) whose storage is a folder: `data` in `directory`. */
export async function startBenchRegistry(
  port: number,
  directory: string,
  data = join(directory, 'data'),
): Promise<BenchRegistry> {
  await mkdir(directory, { recursive: true })
  const host = `127.0.0.1:${port}`
  const config = join(directory, 'config.yml')
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: data }, maintenance: { uploadpurging: off } },
      http: { addr: host },
    }),
  )
  const url = `http://${host}`
  const { log, stop } = await startProcess({
    name: 'registry',
    command: ['docker-registry', 'serve', config],
    logs: directory,
    ready: () => answers(`${url}/v2/`),
  })
  let readBytes = statSync(log).size

  return {
    host,
    url,
    stop,
    async take() {
      // A line is written after its answer: one that is on its way still counts.
      let size = 0
      while (size !== (size = statSync(log).size)) await sleep(100)
      const text = readFileSync(log).subarray(readBytes).toString()
      readBytes = size
      return totalsIn(text)
    },
  }
}

const off = { enabled: false }

function totalsIn(text: string): RegistryTotals {
  const line = /^\S+ - \S+ \[[^\]]*\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+) /gm
  let [requests, blobBytes] = [0, 0]
  for (const [, method, path, status, bytes] of text.matchAll(line)) {
    requests++
    if (method === 'GET' && /^20[06]$/.test(status!) && path!.includes('/blobs/sha256:')) {
      blobBytes += Number(bytes)
    }
  }
  return { requests, blobBytes }
}
