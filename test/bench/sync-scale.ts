import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine } from './parts/machine.ts'
import type { SyncRun } from './parts/nearport.ts'
import { configureSync } from './parts/nearport.ts'
import { startServer } from './parts/server.ts'
import { printTable } from './parts/table.ts'
import type { Workshop } from './parts/workshop.ts'
import { withWorkshop } from './parts/workshop.ts'

export const name = 'sync-scale'
export const heavy = '100,000 manifests and 200,000 blobs that are all there; some minutes'

const help = `npm run bench -- sync-scale [--kinds plain,google,paged] [--repositories 200] [--tags 500]
                            [--concurrency N] [--program FILE] [--profile DIR]
`

type Spec = Workshop & {
  readonly images: readonly [repositories: number, tagsEach: number]
  readonly concurrency: number | undefined
  readonly program: string | undefined
  readonly profile: string | undefined
}

/**
 * What a sync takes that moves nothing, by time and memory: the plan of one that knows nothing yet,
 * the first run where every blob is there already, and a run in which nothing changed.
 */
export async function run(flags: string[]): Promise<void> {
  const { values } = parseArgs({
    args: flags,
    options: {
      kinds: { type: 'string', default: 'plain,google,paged' },
      repositories: { type: 'string', default: '200' },
      tags: { type: 'string', default: '500' },
      concurrency: { type: 'string' },
      program: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) return console.log(help)
  await withWorkshop({}, async (workshop) => {
    console.log(await describeMachine([]))
    const { program, profile } = values
    const concurrency = values.concurrency === undefined ? undefined : Number(values.concurrency)
    const images = [Number(values.repositories), Number(values.tags)] as const
    const spec = { ...workshop, images, concurrency, program, profile }
    const rows: (readonly string[])[] = [['', 'time, s', 'CPU, s', 'peak, MB', 'asked']]
    for (const kind of values.kinds.split(',')) rows.push(...(await measureKind(kind, spec)))
    console.log(`\n${images[0] * images[1]} manifests in ${images[0]} repositories`)
    printTable(rows)
  })
}

async function measureKind(kind: string, spec: Spec): Promise<readonly (readonly string[])[]> {
  const [repositories, tags] = spec.images
  const size = ['--repositories', String(repositories), '--tags', String(tags)]
  const upstream = await startServer(spec, 'synthetic-upstream', 27_200, ['--kind', kind, ...size])
  const sink = await startServer(spec, 'sink', 27_201, ['--filled', `${repositories},${tags}`])
  try {
    const { sync } = await configureSync({
      ...spec,
      directory: join(spec.directory, kind),
      registryUrl: upstream.url,
      store: { endpoint: sink.url, accessKeyId: 'bench', secretAccessKey: 'bench' },
      buckets: ['mirror-0'],
    })
    await askedOf(upstream.url)
    const rows: (readonly string[])[] = []
    const measureRun = async (what: string, ...more: readonly string[]) => {
      const result = await sync(...more)
      const row = [`${kind}: ${what}`, ...columnsOf(result), await askedOf(upstream.url)]
      console.log(`  ${row.join('  ')}`)
      rows.push(row)
    }
    // The bucket holds blobs, and no marker yet that says whose they are.
    await measureRun('plan', '--dry-run', '--claim', 'aws/us-east-1')
    await measureRun('first run', '--claim', 'aws/us-east-1')
    await measureRun('nothing new')
    return rows
  } finally {
    await upstream.stop()
    await sink.stop()
  }
}

function columnsOf({ wallMs, cpuMs, peakBytes }: SyncRun): readonly string[] {
  const seconds = [wallMs, cpuMs].map((ms) => (ms / 1000).toFixed(1))
  return [...seconds, (peakBytes / 1e6).toFixed(0)]
}

async function askedOf(url: string): Promise<string> {
  const asked = (await (await fetch(`${url}/asked`)).json()) as Readonly<Record<string, number>>
  return Object.entries(asked)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ')
}
