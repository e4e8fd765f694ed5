import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Terminal } from '../../src/cli/command.ts'
import { sync } from '../../src/cli/sync.ts'
import { main } from '../../src/cli/main.ts'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createWorld, env } from '../sync/world.ts'
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
    /^1 repository, 1 manifest, 2 blobs \(\d.* kB\)\nuploaded 2 \(.*\), copied 2 \(.*\), read .* from upstreams\ngeneration \d+ \(new\), \d+\.\d s\n/,
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
  expect(new Set(steps.map(({ step }) => step))).toEqual(
    new Set(['claimed', 'listed', 'walked', 'planned', 'written', 'canary', 'published']),
  )
})

test('draws one line on a terminal, with the problems above it', async () => {
  const world = await createConfiguredWorld()
  world.file.sync = { repositories: ['app', 'gone'] }
  await world.save()
  const { code, err, out } = await run(['--config', world.path], { interactive: true })
  expect(code).toBe(1)
  expect(err).toContain('\r\u001B[Kgone: upstream answered 404 to GET')
  expect(err.split('\r\u001B[K')).toContainEqual(
    expect.stringMatching(/^\d repositories, \d blobs/),
  )
  expect(err.endsWith('\r\u001B[K')).toBe(true)
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
    /sync fills mirrors, and the configuration names none/,
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
  for (const word of ['--config', '--dry-run', '--claim', '--json', 'Exit code']) {
    expect(sync.help).toContain(word)
  }
})
