import { spawn } from 'node:child_process'
import { closeSync, createReadStream, openSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import { run, waitUntil } from '../../e2e/parts/process.ts'
import type { EventCounts } from './load-events.ts'
import { countEvents } from './load-events.ts'
import type { LoadTarget } from './load-connection.ts'
import { mirrorIds, publicUrlOf, publishLoadIndex, upstream } from './load-world.ts'
import { packProgram } from './start-programs.ts'
import type { Workshop } from './workshop.ts'

/** `nearport serve` from a package under load, alone on the first core; this process goes to the second. */
export type LoadedServer = {
  readonly pid: number
  readonly target: LoadTarget
  readonly adminUrl: string
  /** What the mirrors' addresses begin with. */
  readonly bucketUrl: string
  /** Ends it, and gives all the events that it left. */
  readonly finish: () => Promise<EventCounts>
}

const host = '127.0.0.1'

/**
 * Where its events go: into a pipe that is read while it runs, as they may be gigabytes; or into a
 * file that is read at the end, so that a reader who is busy with something else costs none of them.
 */
export type EventLog = 'pipe' | 'file'

/** Starts it with an index of so many blobs, and waits until that is in use. */
export async function startLoaded(
  workshop: Workshop,
  blobs: number,
  log: EventLog,
): Promise<LoadedServer> {
  await run(['taskset', '-a', '-c', '-p', '1', String(process.pid)])
  // What we start has it from us. Only root may have more than was given, and few need more.
  await run(['prlimit', '--nofile=65536:65536', '--pid', String(process.pid)]).catch(
    () => undefined,
  )
  let files: ReturnType<typeof publishLoadIndex> = new Map()
  const bucket = await serveEmbedded((request) => {
    const { pathname } = new URL(request.url)
    const content = files.get(pathname.slice(pathname.indexOf('/', 1) + 1))
    return Promise.resolve(new Response(content ?? null, { status: content ? 200 : 404 }))
  })
  await workshop.keep(Promise.resolve({ stop: () => bucket.close() }))
  files = publishLoadIndex(blobs, bucket.url)
  const [port, adminPort] = await freePorts()
  const config = join(workshop.directory, 'nearport.json')
  await writeFile(config, JSON.stringify({ port, adminPort, ...configure(bucket.url) }))
  const adminUrl = `http://${host}:${adminPort}`
  const starting = startServe(config, workshop.directory, adminUrl, log)
  const { pid, finish } = await workshop.keep(starting)
  await waitUntil('the index', async () => {
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text()
    return metrics.includes(`nearport_index_blobs ${blobs}\n`)
  })
  return { pid, target: { host, port }, adminUrl, bucketUrl: bucket.url, finish }
}

function configure(bucketUrl: string): object {
  return {
    host,
    upstreams: [upstream],
    mirrors: mirrorIds.map((id) => {
      return { id, bucket: 'b', publicUrl: publicUrlOf(id, bucketUrl) }
    }),
    clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
    // There is an index here and no blob, and no network.
    health: { everySeconds: 0 },
    ranges: { refreshSeconds: 0 },
    drainSeconds: 0,
  }
}

async function startServe(config: string, directory: string, adminUrl: string, log: EventLog) {
  const [errors, events] = [join(directory, 'serve.err'), join(directory, 'events.log')]
  const [stdout, stderr] = [openSync(events, 'w'), openSync(errors, 'w')]
  const command = [process.execPath, packProgram(directory), 'serve', '--config', config]
  const child = spawn('taskset', ['-c', '0', ...command], {
    stdio: ['ignore', log === 'pipe' ? 'pipe' : stdout, stderr],
  })
  closeSync(stdout)
  closeSync(stderr)
  const piped = child.stdout === null ? undefined : countEvents(child.stdout)
  const end = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await end
    clearTimeout(timer)
  }
  const finish = async () => {
    await stop()
    const { counts, ended } = piped ?? countEvents(createReadStream(events))
    await ended
    return counts
  }
  try {
    await waitUntil('nearport ready', async () => {
      if (child.exitCode !== null) throw new Error(readFileSync(errors, 'utf8'))
      return (await fetch(`${adminUrl}/livez`)).ok
    })
  } catch (cause) {
    await stop()
    throw cause
  }
  return { pid: child.pid!, finish, stop }
}

/** Two ports that nobody has now. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) server.close()
  return [ports[0]!, ports[1]!]
}
