import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { mirrors } from '../../src/cli/mirrors.ts'
import { createMirrorWorld, eastBucket } from '../sync/mirrors/mirror-world.ts'
import { env } from '../sync/world.ts'
import { createTerminal } from './terminal.ts'

async function createConfiguredWorld() {
  const world = await createMirrorWorld()
  const directory = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const path = join(directory, 'nearport.json')
  const save = () => writeFile(path, JSON.stringify(world.file))
  await save()
  /** Runs `nearport mirrors …`, and keeps what it prints. */
  const run = async (...args: readonly string[]) => {
    const terminal = createTerminal(env)
    const code = await main(['mirrors', ...args, '--config', path], terminal)
    return { code, ...terminal.written }
  }
  return { ...world, save, run }
}

test('makes buckets, says each step, and a second time that all is so', async () => {
  const { run } = await createConfiguredWorld()
  const planned = await run('create', '--dry-run')
  expect([planned.code, planned.out]).toEqual([
    0,
    expect.stringMatching(/^ {2}policy: would be done$/m),
  ])
  const made = await run('create')
  expect(made.code).toBe(0)
  expect(made.out).toMatch(
    /^aws\/us-east-1: mirror-us-east-1\n {2}bucket: done\n {2}marker: done\n {2}public access block: already so\n {2}object ownership: done\n {2}policy: done\n {2}lifecycle: done\n {2}canary: done\naws\/eu-west-1/,
  )
  const again = await run('create', 'aws/eu-west-1', '--json')
  const [{ id, steps }] = JSON.parse(again.out)
  expect([again.code, id]).toEqual([0, 'aws/eu-west-1'])
  expect(steps.every(({ outcome }: { outcome: string }) => outcome === 'already')).toBe(true)
})

test('a bucket with objects of others is refused, with the way out, which works', async () => {
  const { run, store } = await createConfiguredWorld()
  store.createBucket(eastBucket)
  store.putObject(eastBucket, 'backup', Buffer.from('x'))
  const refused = await run('create', 'aws/us-east-1')
  expect([refused.code, refused.out]).toEqual([
    1,
    expect.stringContaining('say --claim aws/us-east-1'),
  ])
  expect((await run('create', 'aws/us-east-1', '--claim', 'aws/us-east-1')).code).toBe(0)
})

test('says what is wrong with each mirror and what mends it', async () => {
  const { run } = await createConfiguredWorld()
  await run('create', 'aws/us-east-1')
  expect(await run('check')).toEqual({
    code: 1,
    err: '',
    out: 'aws/us-east-1: nothing is wrong\naws/eu-west-1:\n  wrong: the bucket mirror-eu-west-1 is missing\n    → nearport mirrors create aws/eu-west-1\n',
  })
  expect(await run('check', 'aws/us-east-1', '--json')).toEqual({
    code: 0,
    err: '',
    out: '[{"id":"aws/us-east-1","findings":[]}]\n',
  })
})

test('shows the state of each mirror, and whether it serves', async () => {
  const { run, putBlob, publish, store } = await createConfiguredWorld()
  await run('create')
  const empty = await run()
  expect([empty.code, empty.out]).toEqual([1, expect.stringMatching(/^no index is published\n/)])
  putBlob('a', 1000, eastBucket)
  const { generation } = await publish()
  const listed = await run('list')
  expect(listed.code).toBe(0)
  expect(listed.out).toMatch(
    new RegExp(
      `^generation ${generation}, checked 20.*\\n {2}aws/us-east-1: ours, lists 2 blobs \\(1.0 kB\\), the index 2, serves\\n`,
    ),
  )
  for (const key of store.keys(eastBucket, 'containers/images/sha256:61')) {
    store.deleteObject(eastBucket, key)
  }
  const lost = await run('list')
  expect([lost.code, lost.out]).toEqual([
    1,
    expect.stringContaining(', 1 OF THEM NOT LISTED, does not'),
  ])
  const json = await run('list', '--json')
  expect(JSON.parse(json.out)).toMatchObject({ generation, mirrors: [{ serves: false }, {}] })
})

test('lists generations, goes back and releases', async () => {
  const { run, putBlob, publish, clock } = await createConfiguredWorld()
  expect((await run('rollback')).code).toBe(1)
  await run('create')
  putBlob('a', 1000, eastBucket)
  const first = (await publish()).generation
  putBlob('b', 1000, eastBucket)
  clock.ms += 1000
  await publish()
  const listed = await run('generations')
  expect(listed.out.match(/, current, in aws\/us-east-1, aws\/eu-west-1$/gm)).toHaveLength(1)
  expect((await run('rollback', '--dry-run')).out).toBe(
    `would publish the 3 blobs of generation ${first}\n`,
  )
  const back = await run('rollback', String(first))
  expect([back.code, back.out]).toEqual([
    0,
    expect.stringMatching(
      /^generation \d+: the 3 blobs of generation \d+, in aws\/us-east-1, aws\/eu-west-1\nsync publishes nothing until: nearport mirrors release\n$/,
    ),
  ])
  expect((await run()).out).toContain(`pinned to generation ${first}: nearport mirrors release`)
  expect(JSON.parse((await run('generations', '--json')).out)[0]).toMatchObject({ pinnedTo: first })
  expect((await run('release', '--dry-run')).out).toMatch(/^would release generation/)
  expect((await run('release')).out).toMatch(/^released generation \d+ in aws\/us-east-1/)
  expect((await run('release')).out).toBe('nothing is pinned\n')
  expect(JSON.parse((await run('rollback', '--json')).out)).toMatchObject({ blobs: 4 })
})

test('what cannot be gone back to is told on standard error', async () => {
  const { run } = await createConfiguredWorld()
  await run('create')
  const { code, out, err } = await run('rollback', '17')
  expect([code, out, err]).toEqual([
    1,
    '',
    'nearport mirrors: the index: wanted generation 17, which no place has whole\n',
  ])
})

test('shows nothing that moves the cursor, whoever wrote it', async () => {
  const { run, store } = await createConfiguredWorld()
  store.createBucket(eastBucket)
  const marker = '{"nearport":1,"mirror":"\u009B2J"}'
  store.putObject(eastBucket, 'nearport/mirror.json', Buffer.from(marker))
  for (const action of ['list', 'create', 'check']) {
    const { code, out } = await run(action)
    expect([code, out]).toEqual([1, expect.stringContaining('?2J')])
    expect(out).not.toMatch(/\u009B/)
  }
})

test.for<[string, readonly string[], string]>([
  [
    'an action it does not have',
    ['destroy'],
    'mirrors destroy is not an action: wanted one of list,',
  ],
  [
    'a flag that the action does not have',
    ['check', '--dry-run'],
    'mirrors check takes no --dry-run',
  ],
  [
    'a mirror that is not there',
    ['create', 'aws/x'],
    'wants some of aws/us-east-1, aws/eu-west-1, and got aws/x',
  ],
  ['a claim of a mirror that is not there', ['create', '--claim', 'aws/x'], '--claim wants one of'],
  [
    'a generation in words',
    ['rollback', 'last'],
    'mirrors rollback wants one generation, and got last',
  ],
  ['an argument too many', ['list', 'aws/us-east-1'], 'mirrors list takes no argument'],
])('%s is wrong use', async ([, args, message]) => {
  const { run, store } = await createConfiguredWorld()
  const { code, err } = await run(...args)
  expect([code, err]).toEqual([2, expect.stringContaining(message)])
  expect(store.requests).toEqual([])
})

test('a configuration without mirrors is wrong use', async () => {
  const { run, file, save } = await createConfiguredWorld()
  file.mirrors = []
  await save()
  expect(await run()).toMatchObject({ code: 2, err: expect.stringMatching(/names no mirrors/) })
})

test('its help names every action, flag and exit code', () => {
  const words = ['list', 'create', 'check', 'generations', 'rollback', 'release']
  for (const word of [...words, '--config', '--dry-run', '--claim', '--json', 'Exit code']) {
    expect(mirrors.help).toContain(word)
  }
})
