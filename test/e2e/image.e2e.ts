import { chmod, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createClients } from './parts/clients.ts'
import { expectedContent } from './parts/clients/client.ts'
import { startContainerd } from './parts/clients/containerd.ts'
import { dockerCommand, dockerMissing, startDocker } from './parts/clients/docker.ts'
import { hosts, service } from './parts/netns.ts'
import type { Mirrors, Nearport } from './parts/nearport.ts'
import { configureNearport, eventsIn, startMirrors } from './parts/nearport.ts'
import { importNodeImage } from './parts/node-image.ts'
import { checkout } from './parts/package.ts'
import type { CommandLine, Stoppable } from './parts/process.ts'
import { run, waitUntil } from './parts/process.ts'

// deploy/Dockerfile, built by a real engine step by step, on an image that stands in for Node's own.
const parts = inject('parts')
const folder = join(parts.scratch, 'image')
const name = 'nearport:e2e'
const daemons: Stoppable[] = []
let docker: CommandLine
let mirrors: Mirrors
let nearport: Nearport

/** As little as an orchestrator may give. */
const hardened = [
  '--network=host',
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
]
const credentials = [
  `--env=AWS_ACCESS_KEY_ID=${parts.store.accessKeyId}`,
  `--env=AWS_SECRET_ACCESS_KEY=${parts.store.secretAccessKey}`,
]

describe.skipIf(dockerMissing() !== undefined)('the image', () => {
  beforeAll(async () => {
    await mkdir(folder, { recursive: true })
    const here = { ...hosts.nowhere, name: 'image', namespace: service.namespace }
    const containerd = await startContainerd(here, folder)
    daemons.unshift(containerd)
    const engine = await startDocker(here, folder, containerd.socket)
    daemons.unshift(engine)
    docker = dockerCommand(engine)
    await importNodeImage(docker, 'node-here', folder)
    await run(['npm', 'run', 'build'], { cwd: checkout, deadlineMs: 180_000 })
    const file = ['-f', 'deploy/Dockerfile', '--build-arg=NODE=node-here', '--network=none']
    await run([...docker, 'build', ...file, '-t', name, '.'], {
      cwd: checkout,
      deadlineMs: 600_000,
    })
    mirrors = await startMirrors(parts, 'image', 8161)
    nearport = await configureNearport(parts, 'image', mirrors.faces, { drainSeconds: 0.5 })
    // Who is not root reads it, too.
    await chmod(dirname(nearport.configFile), 0o755)
  }, 900_000)
  afterAll(async () => {
    if (docker !== undefined) {
      const { stdout } = await run([...docker, 'ps', '-aq'])
      const ids = stdout.split('\n').filter(Boolean)
      if (ids.length > 0) await run([...docker, 'rm', '-f', ...ids])
    }
    for (const daemon of daemons) await daemon.stop()
    await mirrors?.stop()
  })

  test('it holds node, nearport and what that stands on, and no shell', async () => {
    const { stdout: id } = await run([...docker, 'create', name])
    const list = ['sh', '-c', '"$@" | tar -t', 'sh', ...docker, 'export', id.trim()] as const
    const files = (await run(list)).stdout.split('\n')
    const { stdout } = await run([...docker, 'image', 'inspect', name])
    const [{ Size: size, Config: config }] = JSON.parse(stdout)
    console.log(`image: ${files.length} files, ${Math.round(size / 1e6)} MB`)
    expect(size).toBeLessThan(220e6)
    expect(config.User).toBe('65532:65532')
    expect(files).toContain('usr/local/bin/node')
    // What is below /nearport is the package; what is not is node's, or made by the engine.
    const others = files.filter(
      (path) => !/^(?:nearport\/|dev\/|etc\/|proc\/|sys\/|\.dockerenv$|$)/.test(path),
    )
    expect(others.filter((path) => !path.endsWith('/') && !/\.so(?:\.\d+)*$/.test(path))).toEqual([
      'usr/local/bin/node',
    ])
    const programs = /(?:^|\/)(?:npm|npx|sh|bash|tsc|oxlint|vitest)$/
    expect(files.filter((path) => programs.test(path))).toEqual([])
    expect(files.filter((path) => /^nearport\/(?:src|test|docs)\//.test(path))).toEqual([])
  })

  test('sync fills the mirrors from a container that may write nothing', async () => {
    const options = ['--rm', ...hardened, ...mounted(), ...credentials]
    const sync = ['sync', '--json', '--config', '/etc/nearport/nearport.json']
    const { stdout } = await run([...docker, 'run', ...options, name, ...sync])
    expect(JSON.parse(stdout)).toMatchObject({ problems: [] })
  })

  test('serve gets healthy, is nobody, writes nothing, gives images, and ends when told', async () => {
    const serve = ['serve', '--config', '/etc/nearport/nearport.json']
    const { stdout } = await run([
      ...docker,
      'run',
      '-d',
      ...hardened,
      ...mounted(),
      name,
      ...serve,
    ])
    const id = stdout.trim()
    const inspect = async (what: string) =>
      (await run([...docker, 'inspect', '-f', `{{${what}}}`, id])).stdout.trim()
    await waitUntil('a healthy container', async () => {
      const health = await inspect('.State.Health.Status')
      if (health === 'unhealthy') throw new Error(await inspect('json .State.Health.Log'))
      return health === 'healthy'
    })
    const status = await readFile(`/proc/${await inspect('.State.Pid')}/status`, 'utf8')
    expect(/^Uid:\t(\d+)/m.exec(status)![1]).toBe('65532')
    expect(/^CapEff:\t(\w+)/m.exec(status)![1]).toMatch(/^0+$/)
    const write = ['node', '-e', 'require("fs").writeFileSync("/nearport/x", "")']
    await expect(run([...docker, 'exec', id, ...write])).rejects.toThrow('EROFS')

    const image = parts.images['app']!
    for (const client of createClients(parts)) {
      const registry = `${service.names.both}:8080`
      const { manifests, blobs } = await client.pull({ registry, image, host: hosts.awsEast })
      expect({ manifests, blobs }).toEqual(expectedContent(client, image))
    }

    await run([...docker, 'stop', '-t', '20', id])
    expect(await inspect('.State.ExitCode')).toBe('0')
    const events = eventsIn((await run([...docker, 'logs', id])).stdout)
    const reasons = new Set(events.map(({ reason }) => reason))
    expect(reasons).toContain('in-region')
    expect(events.at(-1)).toMatchObject({ event: 'stopped' })
  })

  function mounted(): readonly string[] {
    return [`--volume=${dirname(nearport.configFile)}:/etc/nearport:ro`]
  }
})
