import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { createTerminal } from './terminal.ts'

const digest = `sha256:${'a'.repeat(64)}`
const blob = `/v2/app/blobs/${digest}`
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-explain-'))
  const config = {
    upstreams: [{ registry: 'https://upstream.example', cloud: 'gcp' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://127.0.0.1:1' }],
  }
  for (const presence of ['assume', 'index', 'probe']) {
    const file = join(folder, `${presence}.json`)
    await writeFile(file, JSON.stringify({ ...config, presence, probe: { timeoutMs: 200 } }))
  }
})
afterAll(() => rm(folder, { recursive: true }))

test.for<[string, string, readonly string[], object]>([
  [
    'a mirror',
    'assume',
    ['--ip', '54.72.0.10', blob],
    {
      address: '54.72.0.10',
      action: 'mirror',
      reason: 'in-region',
      mirror: 'aws/eu-west-1',
      location: `http://127.0.0.1:1/containers/images/${digest}`,
    },
  ],
  [
    'the upstream, for an IPv6 address in its own cloud',
    'assume',
    ['--ip', '[2600:1900:4000::10]:443', blob],
    { action: 'upstream', reason: 'same-cloud', location: `https://upstream.example${blob}` },
  ],
  [
    'a mirror that is asked and does not answer',
    'probe',
    ['--ip', '54.72.0.10', blob],
    { action: 'upstream', reason: 'unhealthy' },
  ],
  [
    'a list',
    'assume',
    ['--ip', '1.1.1.1', '/v2/app/tags/list'],
    { action: 'relay', reason: 'listing' },
  ],
  [
    'a refusal',
    'assume',
    ['--ip', '1.1.1.1', '/v2/App/tags/list'],
    { action: 'refuse', status: 400 },
  ],
  ['another method', 'assume', ['--ip', '1.1.1.1', '--method', 'PUT', '/v2/'], { status: 405 }],
  ['the base', 'assume', ['--ip', '1.1.1.1', '/v2/'], { action: 'version' }],
])('explains %s', async ([, presence, args, wanted]) => {
  const terminal = createTerminal()
  const config = join(folder, `${presence}.json`)
  expect(await main(['explain', '--config', config, '--json', ...args], terminal)).toBe(0)
  expect(JSON.parse(terminal.written.out)).toMatchObject(wanted)
})

test('--host is the name that nearport is asked by', async () => {
  const config = join(folder, 'names.json')
  const hub = { registry: 'https://hub.example', repositories: 'hub', hosts: ['hub.pull.example'] }
  const upstreams = [{ registry: 'https://upstream.example' }, hub]
  await writeFile(config, JSON.stringify({ upstreams }))
  const asked = ['--config', config, '--ip', '1.1.1.1', '--host', 'hub.pull.example']
  const terminal = createTerminal()
  expect(await main(['explain', ...asked, '/v2/app/manifests/1'], terminal)).toBe(0)
  expect(terminal.written.out).toContain('location: https://hub.example/v2/app/manifests/1\n')
})

test('for people it prints a step a line, and says what of the index could not be had', async () => {
  const terminal = createTerminal()
  const config = join(folder, 'index.json')
  expect(await main(['explain', '--config', config, '--ip', '54.72.0.10', blob], terminal)).toBe(0)
  expect(terminal.written.out.split('\n')).toEqual([
    'address: 54.72.0.10',
    'client: aws/eu-west-1',
    'request: blob',
    'upstream of app: https://upstream.example',
    'route: by the rules',
    'index: none',
    'action: upstream',
    'reason: no-index',
    `location: https://upstream.example${blob}`,
    '',
  ])
  expect(terminal.written.err).toMatch(/^index: aws\/eu-west-1: connect ECONNREFUSED /)
})
