import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { BlockList, isIPv6 } from 'node:net'
import { crc32 } from 'node:zlib'
import ipaddr from 'ipaddr.js'
import IPCIDR from 'ip-cidr'
import { bundledTablePath, openTable } from '../../src/ranges/bundled.ts'
import { decodeTable } from '../../src/ranges/decode.ts'
import type { TableContent } from '../../src/ranges/encode.ts'
import { drawSamples, prefixesOf } from './address-samples.ts'
import { publishTable, spread } from './parts/table.ts'

export const name = 'address'

/**
 * One way to find an address, and how many are timed together so that a round takes some
 * milliseconds.
 */
type Contender = {
  readonly name: string
  readonly lookups: number
  readonly find: (text: string) => unknown
}

const rounds = 15

/**
 * Prints how long a table takes to be ready, and what one lookup of a textual address costs beside
 * other libraries.
 */
export function run(): void {
  const bytes = readFileSync(bundledTablePath)
  const warm = Array.from({ length: 101 }, () => timeMs(() => openTable(bytes)))
  const first = Array.from({ length: 9 }, timeFirstMs)
  console.log(`table of ${bytes.length} bytes ready in, ms: median (min–max)`)
  console.log(`  in a fresh process ${spread(first, 2)}\n  again              ${spread(warm, 2)}`)

  const samples = Object.entries(drawSamples(decodeTable(bytes, crc32)))
  const table = openTable(bytes)
  const nearport: Contender = { name: 'nearport', lookups: 1 << 17, find: table.locate }
  // Rounds are interleaved, so that a slow moment of the machine is everyone's.
  const alone = interleave(
    samples.map(
      ([, texts]) =>
        () =>
          timeLookups(nearport, texts),
    ),
  )
  console.log('\nparse and locate, ns of one core: median (min–max)')
  const rows = samples.map(([sample], at) => [sample, spread(alone[at]!, 1)])
  publishTable('address', [['addresses', 'ns of one core'], ...rows])

  // The others leave garbage and cold caches behind, so what nearport takes beside them is not what
  // it takes alone.
  const [mix, mixed] = samples[0]!
  const contenders = [nearport, ...createOthers(decodeTable(bytes, crc32))]
  const [ours, ...theirs] = interleave(contenders.map((one) => () => timeLookups(one, mixed)))
  console.log(`\nbeside others, on the ${mix}`)
  console.log('  ns per lookup: median (min–max); as a multiple of nearport in the same round')
  console.log(`  nearport   ${spread(ours!, 1)}`)
  for (const [at, times] of theirs.entries()) {
    const ratios = times.map((time, round) => time / ours![round]!)
    const other = contenders[at + 1]!.name.padEnd(10)
    console.log(`  ${other} ${spread(times, 0).padEnd(40)} ${spread(ratios, 0)}`)
  }
}

/** What each gives in every round but the first, which is for the compiler. */
function interleave(timings: readonly (() => number)[]): readonly (readonly number[])[] {
  const all = Array.from({ length: rounds + 1 }, () => timings.map((timing) => timing()))
  return timings.map((_, at) => all.slice(1).map((round) => round[at]!))
}

function createOthers(content: TableContent): readonly Contender[] {
  const prefixes = [...prefixesOf(content, 4), ...prefixesOf(content, 6)]

  // The others only say whether anybody has the address: less than what they are compared with.
  const blockList = new BlockList()
  for (const prefix of prefixes) {
    const [address, length] = prefix.split('/')
    blockList.addSubnet(address!, Number(length), isIPv6(address!) ? 'ipv6' : 'ipv4')
  }
  const subnets = { clouds: prefixes.map((prefix) => ipaddr.parseCIDR(prefix)) }
  const ipCidrs = prefixes.map((prefix) => new IPCIDR(prefix))

  return [
    {
      name: 'BlockList',
      lookups: 8,
      find: (text) => blockList.check(text, isIPv6(text) ? 'ipv6' : 'ipv4'),
    },
    {
      name: 'ipaddr.js',
      lookups: 8,
      find: (text) => ipaddr.subnetMatch(ipaddr.parse(text), subnets, 'nobody'),
    },
    { name: 'ip-cidr', lookups: 1, find: (text) => ipCidrs.some((cidr) => cidr.contains(text)) },
  ]
}

/**
 * In nanoseconds of processor time: what else the machine does is not ours. What was found is counted, so
 * that no lookup can be left out as useless.
 */
function timeLookups({ lookups, find }: Contender, texts: readonly string[]): number {
  let found = 0
  const start = process.cpuUsage()
  for (let at = 0; at < lookups; at++) {
    if (find(texts[at & (texts.length - 1)]!) !== undefined) found++
  }
  const { user, system } = process.cpuUsage(start)
  if (found > lookups) throw new Error('more addresses were found than looked for')
  return ((user + system) * 1000) / lookups
}

function timeMs(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** The first table of a process is made before anything is compiled: what a cold start pays. */
function timeFirstMs(): number {
  const module = new URL('../../src/ranges/bundled.ts', import.meta.url)
  const script = `
    import { readFileSync } from 'node:fs'
    import { openTable } from ${JSON.stringify(module)}
    const bytes = readFileSync(${JSON.stringify(bundledTablePath)})
    const start = performance.now()
    openTable(bytes)
    console.log(performance.now() - start)`
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script]))
}
