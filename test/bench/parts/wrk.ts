import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../e2e/parts/process.ts'
import type { Ask } from './asks.ts'

/** What came of a run of wrk. Times are in milliseconds. */
export type WrkResult = {
  readonly requests: number
  readonly aSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

export type WrkLoad = { readonly connections: number; readonly seconds: number }

/** wrk's own table ends at the 99th percentile, and its script has all of them, in µs. */
const script = (list: string) => `
local requests = {}
local at = 0
function init()
  for line in io.lines('${list}') do
    local path, address = line:match('^(%S+) (%S+)$')
    wrk.headers['X-Forwarded-For'] = address
    requests[#requests + 1] = wrk.format('GET', path)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local errors = 0
  for _, count in pairs(summary.errors) do errors = errors + count end
  io.write(string.format(
    '\\nRESULT {"requests":%d,"us":%d,"p50":%f,"p99":%f,"p999":%f,"errors":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9), errors))
end
`

/**
 * Makes a load of requests that are asked in turn, over kept connections from one thread. Throws
 * where an answer is an error, late, or missing.
 */
export async function prepareWrk(
  folder: string,
  name: string,
  asks: readonly Ask[],
): Promise<(port: number, load: WrkLoad) => Promise<WrkResult>> {
  const [list, lua] = [join(folder, `${name}.txt`), join(folder, `${name}.lua`)]
  await writeFile(list, asks.map(({ path, address }) => `${path} ${address}\n`).join(''))
  await writeFile(lua, script(list))
  return async (port, { connections, seconds }) => {
    const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', lua] as const
    const deadlineMs = seconds * 1000 + 30_000
    const { stdout } = await run(['wrk', ...flags, `http://127.0.0.1:${port}`], { deadlineMs })
    const result = JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}') as Partial<Raw>
    if (!(result.requests! > 0 && result.errors === 0)) {
      throw new Error(`wanted answers to all, from port ${port}:\n${stdout}`)
    }
    const { requests, us, p50, p99, p999 } = result as Raw
    const [p50Ms, p99Ms, p999Ms] = [p50 / 1000, p99 / 1000, p999 / 1000]
    return { requests, aSecond: requests / (us / 1e6), p50Ms, p99Ms, p999Ms }
  }
}

type Raw = Record<'requests' | 'us' | 'p50' | 'p99' | 'p999' | 'errors', number>
