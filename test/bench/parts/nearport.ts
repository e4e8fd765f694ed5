import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreAccess } from '../../e2e/parts/buckets.ts'
import type { Measured } from './measure.ts'
import { measure } from './measure.ts'

/** `nearport sync` with a configuration, measured. */
export type SyncBench = {
  /** Throws where it fails or names a problem. Flags are put after `sync`. */
  readonly sync: (...flags: readonly string[]) => Promise<SyncRun>
}

export type SyncRun = Measured & { readonly summary: Readonly<Record<string, unknown>> }

export type SyncBenchSpec = {
  readonly directory: string
  readonly registryUrl: string
  /** Undefined: all of the catalog. */
  readonly repositories?: readonly string[]
  readonly store: StoreAccess
  /** Buckets that are there, and that anyone may read. */
  readonly buckets: readonly string[]
  readonly concurrency?: number | undefined
  /** The program that is measured: this checkout's, or another's beside it. */
  readonly program?: string | undefined
  /** A folder for a CPU profile of every run. */
  readonly profile?: string | undefined
  readonly stop: AbortSignal
}

// The twelve that registry.k8s.io has buckets in.
const regions =
  'us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 eu-west-2 eu-central-1 ap-south-1 ap-northeast-1 ap-southeast-1 ap-southeast-2 eu-south-2'.split(
    ' ',
  )

export async function configureSync(spec: SyncBenchSpec): Promise<SyncBench> {
  const { directory, registryUrl, store, concurrency, profile, stop } = spec
  await mkdir(directory, { recursive: true })
  const config = join(directory, 'nearport.json')
  await writeFile(
    config,
    JSON.stringify({
      upstreams: [{ registry: registryUrl }],
      mirrors: spec.buckets.map((bucket, at) => ({
        id: `aws/${regions[at]}`,
        bucket,
        endpoint: store.endpoint,
        forcePathStyle: true,
        publicUrl: `${store.endpoint}/${bucket}`,
      })),
      sync: {
        ...(spec.repositories === undefined ? {} : { repositories: spec.repositories }),
        ...(concurrency === undefined ? {} : { concurrency }),
      },
    }),
  )
  const program = spec.program ?? join(import.meta.dirname, '../../../src/cli/main.ts')
  const node = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
  const log = join(directory, 'sync.log')

  return {
    async sync(...flags) {
      const measured = await measure(
        [process.execPath, ...node, program, 'sync', '--config', config, '--json', ...flags],
        {
          log,
          stop,
          env: {
            AWS_ACCESS_KEY_ID: store.accessKeyId,
            AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
          },
        },
      )
      if (measured.exitCode !== 0) throw new Error(failure(measured, log))
      return { ...measured, summary: JSON.parse(measured.stdout) as SyncRun['summary'] }
    },
  }
}

function failure({ exitCode, stdout }: Measured, log: string): string {
  const steps = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n')
  return `sync ended with ${exitCode}\n${steps}\n${stdout.slice(0, 2000)}`
}
