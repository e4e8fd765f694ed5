import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from './parts/machine.ts'
import { configureSync } from './parts/nearport.ts'
import { startServer } from './parts/server.ts'
import { printTable } from './parts/table.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'sync-large'
export const heavy = 'one blob of 6 GB; a minute or two'

const help = `npm run bench -- sync-large [--gigabytes 6] [--mirrors 1] [--program FILE] [--profile DIR]
`

/** The memory and time that one large blob takes, above what a store takes in one request. */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      gigabytes: { type: 'string', default: '6' },
      mirrors: { type: 'string', default: '1' },
      program: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  await withWorkshop({}, async (workshop) => {
    console.log(await describeMachine([]))
    const sizeBytes = Math.round(Number(values.gigabytes) * 1e9)
    const mirrors = Array.from({ length: Number(values.mirrors) }, (_, at) => `mirror-${at}`)
    const upstream = await startServer(workshop, 'large-upstream', 27_300, [
      '--bytes',
      String(sizeBytes),
    ])
    const sink = await startServer(workshop, 'sink', 27_301)
    const { program, profile, directory } = { ...values, ...workshop }
    const { sync } = await configureSync({
      directory: join(directory, 'nearport'),
      registryUrl: upstream.url,
      repositories: ['big'],
      store: { endpoint: sink.url, accessKeyId: 'bench', secretAccessKey: 'bench' },
      buckets: mirrors,
      program,
      profile,
      stop: workshop.stop,
    })
    const { wallMs, cpuMs, peakBytes } = await sync()
    const asked = (await (await fetch(`${upstream.url}/asked`)).json()) as Asked
    printTable([
      ['', 'time, s', 'MB/s', 'CPU, s', 'peak, MB', 'amplification'],
      [
        `${values.gigabytes} GB to ${mirrors.length} ${mirrors.length === 1 ? 'mirror' : 'mirrors'}`,
        (wallMs / 1000).toFixed(1),
        (sizeBytes / 1000 / wallMs).toFixed(0),
        (cpuMs / 1000).toFixed(1),
        (peakBytes / 1e6).toFixed(0),
        (asked.sentBytes / sizeBytes).toFixed(2),
      ],
    ])
  })
}

type Asked = { readonly sentBytes: number }
