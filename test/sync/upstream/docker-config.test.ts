import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { readDockerCredentials } from '../../../src/sync/upstream/docker-config.ts'
import { findCredentials } from '../../../src/sync/upstream/upstream-credentials.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-'))
  onTestFinished(() => rm(folder, { recursive: true }))
})

const encode = (text: string) => Buffer.from(text).toString('base64')
const me = { kind: 'password', user: 'me', password: 'se:cret' }

async function read(host: string, config: unknown) {
  const text = typeof config === 'string' ? config : JSON.stringify(config)
  await writeFile(join(folder, 'config.json'), text)
  return readDockerCredentials(host, { DOCKER_CONFIG: folder })
}

test.for<[string, string, object, unknown]>([
  [
    'what docker login writes',
    'a.test',
    { auths: { 'a.test': { auth: encode('me:se:cret') } } },
    me,
  ],
  [
    'a user and a password in clear',
    'a.test:5000',
    { auths: { 'a.test:5000': { username: 'me', password: 'se:cret' } } },
    me,
  ],
  [
    'a host with a scheme and a version',
    'a.test',
    { auths: { 'https://a.test/v2/': { auth: encode('me:se:cret') } } },
    me,
  ],
  [
    'Docker Hub by the name it has there',
    'registry-1.docker.io',
    { auths: { 'https://index.docker.io/v1/': { auth: encode('me:se:cret') } } },
    me,
  ],
  [
    'an identity token before the rest',
    'a.test',
    { auths: { 'a.test': { auth: encode('me:'), identitytoken: 'long' } } },
    { kind: 'identity-token', token: 'long' },
  ],
  ['zeros at the end', 'a.test', { auths: { 'a.test': { auth: encode('me:se:cret\0\0') } } }, me],
  ['another host', 'b.test', { auths: { 'a.test': { auth: encode('me:se:cret') } } }, undefined],
  [
    'a host that only looks alike',
    'a.test',
    { auths: { 'a.test.evil': { auth: encode('x:y') } } },
    undefined,
  ],
  ['an entry with nothing in it', 'a.test', { auths: { 'a.test': {} } }, undefined],
  ['nothing', 'a.test', {}, undefined],
])('%s', async ([, host, config, wanted]) => {
  expect(await read(host, config)).toEqual(wanted)
})

test('without a file, or a home to have one in, there is nothing', async () => {
  expect(await readDockerCredentials('a.test', { DOCKER_CONFIG: folder })).toBeUndefined()
  expect(await readDockerCredentials('a.test', {})).toBeUndefined()
})

test('it is looked for at home', async () => {
  await mkdir(join(folder, '.docker'))
  const config = { auths: { 'a.test': { auth: encode('me:se:cret') } } }
  await writeFile(join(folder, '.docker/config.json'), JSON.stringify(config))
  expect(await readDockerCredentials('a.test', { HOME: folder })).toEqual(me)
})

test.for<[string, unknown]>([
  ['is no JSON', '{"auths": {"a.test": {"auth": "c2VjcmV0"'],
  ['is of another shape', { auths: { 'a.test': 'c2VjcmV0' } }],
  ['has an auth that is none', { auths: { 'a.test': { auth: encode('secret') } } }],
])('a file that %s is named, and nothing of it is shown', async ([, config]) => {
  const error = await read('a.test', config).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'credentials', retryable: false })
  expect(String(error)).toContain(join(folder, 'config.json'))
  expect(JSON.stringify([String(error), error])).not.toMatch(/secret|c2VjcmV0/)
})

/** Writes a helper that runs a script, and a configuration that names it. */
async function readByHelper(script: string, config: object, host = 'a.test', deadlineMs = 10_000) {
  const path = join(folder, 'docker-credential-mine')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const PATH = `${folder}${delimiter}${process.env['PATH']}`
  return readDockerCredentials(host, { DOCKER_CONFIG: folder, PATH }, { deadlineMs })
}

const answering = (user: string, secret: string) =>
  `read host; [ "$1" = get ] && echo "{\\"ServerURL\\":\\"$host\\",\\"Username\\":\\"${user}\\",\\"Secret\\":\\"${secret}$host\\"}"`

test.for<[string, object, string, unknown]>([
  [
    'the helper of a host',
    { credHelpers: { 'a.test': 'mine' }, credsStore: 'other' },
    answering('me', 'for '),
    { kind: 'password', user: 'me', password: 'for a.test' },
  ],
  [
    'the store of all hosts',
    { credsStore: 'mine' },
    answering('me', 'for '),
    { kind: 'password', user: 'me', password: 'for a.test' },
  ],
  [
    'a helper with an identity token',
    { credsStore: 'mine' },
    answering('<token>', 'of '),
    { kind: 'identity-token', token: 'of a.test' },
  ],
  [
    'a helper that has none',
    { credHelpers: { 'a.test': 'mine' } },
    'echo "credentials not found in native keychain"; exit 1',
    undefined,
  ],
  [
    'the file, where the store has none',
    { credsStore: 'mine', auths: { 'a.test': { auth: encode('me:se:cret') } } },
    'echo "credentials not found in native keychain"; exit 1',
    me,
  ],
])('%s', async ([, config, script, wanted]) => {
  expect(await readByHelper(script, config)).toEqual(wanted)
})

test('Docker Hub is asked for by the name that docker login uses', async () => {
  const found = await readByHelper(
    answering('me', ''),
    { credsStore: 'mine' },
    'registry-1.docker.io',
  )
  expect(found).toMatchObject({ password: 'https://index.docker.io/v1/' })
})

test.for<[string, string, number, RegExp]>([
  [
    'fails',
    'echo secret; echo secret >&2; exit 3',
    10_000,
    /from docker-credential-mine, got exit 3$/,
  ],
  ['says rubbish', 'echo secret', 10_000, /got other text$/],
  ['never ends', 'exec sleep 60', 100, /got no answer in 100 ms$/],
])('a helper that %s is named', async ([, script, deadlineMs, message]) => {
  const error = await readByHelper(script, { credsStore: 'mine' }, 'a.test', deadlineMs).catch(
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'credentials' })
  expect(String(error)).toMatch(message)
  expect(JSON.stringify([String(error), error])).not.toContain('secret')
})

test('a helper that is not there is named, and one in a place of its own is none', async () => {
  await expect(read('a.test', { credsStore: 'absent' })).rejects.toThrow(
    'wanted the credentials of a.test from docker-credential-absent, got exit ENOENT',
  )
  await expect(read('a.test', { credsStore: '../../bin/sh' })).rejects.toThrow(
    /name of a credential/,
  )
})

test('configured ones come from the environment, and what is missing there is named', async () => {
  const find = (env: Record<string, string>) => findCredentials('https://a.test', 'HUB', env)
  expect(await find({ HUB_USERNAME: 'me', HUB_PASSWORD: 'se:cret' })).toEqual(me)
  await expect(find({ HUB_USERNAME: 'me' })).rejects.toThrow(
    'wanted HUB_PASSWORD in the environment, got none',
  )
  await expect(find({ HUB_USERNAME: '' })).rejects.toThrow(
    'wanted HUB_USERNAME in the environment, got an empty one',
  )
})
