import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createMirrorBucket } from './buckets.ts'
import { service } from './netns.ts'
import type { MirrorFace } from './nginx.ts'
import { startNginx } from './nginx.ts'
import type { CommandLine, Finished, Stoppable } from './process.ts'
import { answers, run, startProcess } from './process.ts'
import type { MirrorId, Parts } from './setup.ts'

/**
 * Two mirrors of a test file's own: buckets that nobody else writes to, behind an nginx that can be
 * stopped.
 */
export type Mirrors = Stoppable & { readonly faces: Readonly<Record<MirrorId, MirrorFace>> }

/**
 * Makes the buckets `NAME-us-east-1` and `NAME-eu-west-1` and serves them on two ports from `port`
 * on.
 */
export async function startMirrors(parts: Parts, name: string, port: number): Promise<Mirrors> {
  const buckets = [`${name}-us-east-1`, `${name}-eu-west-1`]
  await Promise.all(buckets.map((bucket) => createMirrorBucket(parts.store, bucket)))
  const { mirrors, stop } = await startNginx({
    host: service.names.both,
    directory: join(parts.scratch, `${name}-nginx-${port}`),
    store: parts.store.endpoint,
    mirrors: buckets.map((bucket, at) => ({ bucket, port: port + at })),
  })
  const [east, ireland] = mirrors
  return { faces: { 'aws/us-east-1': east!, 'aws/eu-west-1': ireland! }, stop }
}

/** nearport in front of the registry, with these mirrors: a file that `serve` and `sync` share. */
export type Nearport = {
  readonly configFile: string
  /** Runs `nearport sync --json` and gives its summary, whatever its exit code says. */
  readonly sync: () => Promise<Record<string, unknown> & { readonly exitCode: number }>
  readonly cli: (...args: readonly string[]) => Promise<Finished>
  /** Starts `nearport serve` on the ports 8080 and 9090 of the service's host; default: on Node. */
  readonly serve: (runtime?: string) => Promise<Stoppable & { readonly log: string }>
}

export async function configureNearport(
  parts: Parts,
  name: string,
  faces: Mirrors['faces'],
  changes: object = {},
): Promise<Nearport> {
  const folder = join(parts.scratch, `nearport-${name}`)
  await mkdir(folder, { recursive: true })
  const configFile = join(folder, 'nearport.json')
  const config = {
    upstreams: [{ registry: parts.registry.url, cloud: 'gcp' }],
    mirrors: Object.entries(faces).map(([id, { bucket, url }]) => ({
      id,
      bucket,
      endpoint: parts.store.endpoint,
      forcePathStyle: true,
      publicUrl: url,
    })),
    clientAddress: 'socket',
    index: { refreshSeconds: 0.3 },
    // Tests ask nobody outside.
    ranges: { refreshSeconds: 0 },
    drainSeconds: 0,
    ...changes,
  }
  await writeFile(configFile, JSON.stringify(config, undefined, 2))

  const env = {
    AWS_ACCESS_KEY_ID: parts.store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: parts.store.secretAccessKey,
  }
  const command = (...args: readonly string[]): CommandLine => [
    process.execPath,
    'src/cli/main.ts',
    ...args,
  ]
  return {
    configFile,
    cli: (...args) => run(command(...args, '--config', configFile), { env }),
    async sync() {
      // The exit code goes into the output: a run that left a mirror out still has a summary.
      const line = `"$@"; echo "exit $?"`
      const sync = command('sync', '--json', '--config', configFile)
      const { stdout } = await run(['sh', '-c', line, 'sh', ...sync], { env })
      const [, summary, exitCode] = /^([^]*)exit (\d+)\n$/.exec(stdout)!
      return { ...JSON.parse(summary!), exitCode: Number(exitCode) }
    },
    serve: (runtime = process.execPath) =>
      startProcess({
        name: 'serve',
        command: [runtime, 'src/cli/main.ts', 'serve', '--config', configFile],
        logs: folder,
        env,
        ready: () => answers('http://127.0.0.1:9090/readyz'),
      }),
  }
}

/** The events that a running nearport wrote to its log until now: lines go out together, within 20 ms. */
export async function eventsOf({ log }: { readonly log: string }) {
  await setTimeout(100)
  return eventsIn(await readFile(log, 'utf8'))
}

/** What a running nearport answered until now, without what it says of its own at any time. */
export async function requestsOf(serve: { readonly log: string }) {
  return (await eventsOf(serve)).filter(({ event }) => event === 'request')
}

/** The events in the text of a log. */
export function eventsIn(log: string): readonly Record<string, unknown>[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
