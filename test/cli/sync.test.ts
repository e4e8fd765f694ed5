import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Terminal } from '../../src/cli/command.ts'
import { sync, syncFlags } from '../../src/cli/sync.ts'
import { main } from '../../src/cli/main.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createWorld, env } from '../sync/world.ts'
import { createScreenDouble } from './sync-screen.ts'
import { createTerminal } from './terminal.ts'

const app = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })

/** Runs the command as `nearport sync` would be, and keeps what it prints. */
async function run(args: readonly string[], more: Partial<Terminal> = {}) {
  const terminal = createTerminal(env)
  const code = await main(['sync', ...args], { ...terminal, ...more })
  return { code, ...terminal.written }
}

async function createFolder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

/** A port that nobody had a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function createConfiguredWorld() {
  const world = await createWorld()
  push(world.registry, 'app', app, '1.0')
  const path = join(await createFolder(), 'nearport.json')
  const save = () => writeFile(path, JSON.stringify(world.file))
  await save()
  return { ...world, path, save }
}

test('tells people what it did, and a second time that nothing was to do', async () => {
  const { path } = await createConfiguredWorld()
  const first = await run(['--config', path])
  expect(first.code).toBe(0)
  expect(first.out).toMatch(
    /^1 repository, 1 manifest, 2 blobs \(\d.* kB\)\nuploaded 2 \(.*\), copied 2 \(.*\), read .* from upstreams\n6 requests to 127\.0\.0\.1:\d+\nthis run costs at least \$0\.0000\d+ .*\ngeneration \d+ \(new\), \d+\.\d s\n/,
  )
  expect(first.out).toContain('  aws/us-east-1: published, 3 blobs (')

  const second = await run(['--config', path])
  expect(second.code).toBe(0)
  expect(second.out).toContain('uploaded 0 (0 B), copied 0 (0 B), read 0 B from upstreams')
  expect(second.out).toMatch(/generation \d+ \(unchanged\)/)
})

test('tells machines the same, the steps on standard error and the summary on standard output', async () => {
  const { path } = await createConfiguredWorld()
  const { code, out, err } = await run(['--json'], { env: { ...env, NEARPORT_CONFIG: path } })
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    problems: [],
    publication: 'new',
    uploaded: { blobs: 2 },
  })
  const steps = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(steps.every(({ event, timeMs }) => event === 'sync' && timeMs > 0)).toBe(true)
  expect(steps.map(({ step }) => step)).toEqual(
    expect.arrayContaining(
      'claimed listed selected walked planned reading written canary published'.split(' '),
    ),
  )
})

test('draws a few lines on a terminal, takes them away, and leaves the problems there', async () => {
  const world = await createConfiguredWorld()
  world.file.sync = { repositories: ['app', 'gone'] }
  await world.save()
  const screen = createScreenDouble(200)
  const seen: string[] = []
  const err = (text: string) => {
    screen.write(text)
    seen.push(...screen.rows())
  }
  const { code, out } = await run(['--config', world.path], { interactive: true, err })
  expect(code).toBe(1)
  expect(seen).toContainEqual(expect.stringMatching(/^found {4}\d (of \d )?repositories, /))
  expect(screen.rows()).toEqual([expect.stringMatching(/^gone: upstream answered 404 to GET/)])
  expect(out).toMatch(/1 problem:\n {2}gone: upstream answered 404/)
})

test('shows nothing that moves the cursor, whoever sent it', async () => {
  const world = await createConfiguredWorld()
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const odd = Buffer.from(JSON.stringify({ '\u009B2J\u202Eodd': 1 }))
  world.registry.putManifest('app', 'odd', type, odd)
  const { err, out } = await run(['--config', world.path], { interactive: true })
  expect(out).toContain('  app:odd: wanted one of')
  for (const text of [out, err]) {
    expect(text).toContain('got "?2J?odd"')
    expect(text).not.toMatch(/[\u0080-\u009F\u202E]/)
  }
})

test('says what it would do', async () => {
  const { path, store } = await createConfiguredWorld()
  const { code, out } = await run(['--config', path, '--dry-run'])
  expect(code).toBe(0)
  expect(out).toMatch(
    /would read 2 blobs \(.*\) from upstreams\nwould write 4 objects \(.*\) to mirrors\n/,
  )
  expect(store.keys('mirror-us-east-1')).toEqual([])
})

test('claims the bucket it is told to', async () => {
  const { path, store } = await createConfiguredWorld()
  store.putObject('mirror-us-east-1', 'old', Buffer.from('old'))
  const refused = await run(['--config', path])
  expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('--claim aws/us-east-1')])
  expect((await run(['--config', path, '--claim', 'aws/us-east-1'])).code).toBe(0)
})

test('shards that share a run fill the mirrors together, and the last publishes', async () => {
  const { path, registry, save, file } = await createConfiguredWorld()
  const names = ['app', 'base', 'tools', 'web', 'db']
  for (const name of names)
    push(registry, name, imageOf({ architecture: 'amd64', files: [{ path: name, content: name }] }))
  file.sync = { repositories: names }
  await save()
  const outs: string[] = []
  for (const index of [0, 1, 2]) {
    const { code, out } = await run([
      '--config',
      path,
      '--shard',
      `${index}/3`,
      '--run',
      'r',
      '--json',
    ])
    expect(code).toBe(0)
    outs.push(out)
  }
  const summaries = outs.map((out) => JSON.parse(out))
  expect(summaries.map(({ publication }) => publication)).toEqual(['none', 'none', 'new'])
  const walked = summaries.map(({ repositories }) => repositories as number)
  expect(walked.reduce((sum, each) => sum + each, 0)).toBe(names.length)
  expect((await run(['--config', path])).out).toContain('uploaded 0 (0 B), copied 0 (0 B)')
})

test('its metrics can be had while it runs, pushed, and in a file', async () => {
  const { path, store } = await createConfiguredWorld()
  const file = join(await createFolder(), 'nearport.prom')
  const pushed: string[] = []
  const gateway = await serveEmbedded(async (request) => {
    pushed.push(`${request.method} ${new URL(request.url).pathname}\n${await request.text()}`)
    return new Response()
  })
  onTestFinished(() => gateway.close())
  const port = await freePort()
  let scraped: Promise<string> | undefined
  const err = (text: string) => {
    if (!text.includes('"step":"written"')) return
    scraped ??= fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text())
  }
  const to = ['--metrics-port', `${port}`, '--push-metrics', gateway.url, '--metrics-file', file]
  const { code } = await run(['--config', path, ...to], { err })
  expect(code).toBe(0)
  expect(await scraped).toContain('nearport_sync_written_blobs_total{mirror="aws/')
  const written = await readFile(file, 'utf8')
  expect(pushed.at(-1)).toBe(`POST /metrics/job/nearport_sync\n${written}`)
  expect(written).toMatch(/^nearport_sync_success 1$/m)
  const bytes = /^nearport_sync_mirror_bytes\{mirror="aws\/us-east-1"\} (\d+)$/m.exec(written)?.[1]
  const blobs = store.keys('mirror-us-east-1').filter((key) => key.startsWith('containers/'))
  const sizes = blobs.map((key) => store.findObject('mirror-us-east-1', key)!.bytes.length)
  expect(Number(bytes)).toBe(sizes.reduce((sum, size) => sum + size, 0))
})

test('a gateway that is not there is told of, and fails nothing', async () => {
  const { path } = await createConfiguredWorld()
  const args = ['--config', path, '--push-metrics', 'http://127.0.0.1:1']
  const { code, err } = await run(args)
  expect(code).toBe(0)
  expect(err).toMatch(/"event":"note".*metrics were not pushed: POST http:\/\/127\.0\.0\.1:1\//)
})

test.for<[string, readonly string[], string]>([
  ['an argument', ['app'], 'sync takes no argument, and got app'],
  ['a flag it does not have', ['--force'], '--force is not a flag here'],
  [
    'a file that is not there',
    ['--config', '/nowhere/n.json'],
    'wanted a configuration in /nowhere/n.json: there is no such file',
  ],
  [
    'a mirror that is not there',
    ['--config', 'FILE', '--claim', 'aws/x'],
    '--claim wants one of aws/us-east-1, aws/eu-west-1, and got aws/x',
  ],
  ['a shard of no run', ['--shard', '0/2'], '--shard wants --run NAME too'],
  ['a metrics port that is none', ['--metrics-port', 'x'], '--metrics-port wants a port'],
])('%s is wrong use', async ([, args, message]) => {
  const { path } = await createConfiguredWorld()
  const { code, err, out } = await run(args.map((each) => (each === 'FILE' ? path : each)))
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(message)
})

test.for<[string, string, RegExp]>([
  [
    'that is no JSON, with the place',
    '{\n  "upstreams": [,]\n}',
    /is not JSON: line 2, column 17: Unexpected token ','/,
  ],
  [
    'that is wrong, with every problem',
    '{"upstreams":[],"mirror":1}',
    /nearport\.json is not a configuration:\n {2}upstreams: .*\n {2}.*mirror/,
  ],
  [
    'that wants no tag of a repository',
    '{"upstreams":[{"registry":"http://a"}],"sync":{"repositories":[{"name":"app","tags":[]}]}}',
    /sync\.repositories.*wanted one tag at least/,
  ],
  [
    'without a mirror',
    '{"upstreams":[{"registry":"http://127.0.0.1:1"}]}',
    /sync wants mirrors, and the configuration names none/,
  ],
])('a configuration %s is wrong use', async ([, text, message]) => {
  const path = join(await createFolder(), 'nearport.json')
  await writeFile(path, text)
  const { code, err } = await run(['--config', path])
  expect(code).toBe(2)
  expect(err).toMatch(message)
})

test('with no configuration anywhere it says what it wants', async () => {
  const here = process.cwd()
  process.chdir(await createFolder())
  onTestFinished(() => process.chdir(here))
  const { code, err } = await run([])
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(
      /^nearport sync: sync wants a configuration: --config FILE, or \.\/nearport\.json\n/,
    ),
  ])
})

test('its help names every flag and exit code', () => {
  for (const word of [...Object.keys(syncFlags).map((flag) => `--${flag}`), 'Exit code']) {
    expect(sync.help).toContain(word)
  }
})
