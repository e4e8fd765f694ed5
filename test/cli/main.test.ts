import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { createTerminal } from './terminal.ts'

let folder: string
let good: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-main-'))
  good = join(folder, 'good.json')
  await writeFile(
    good,
    JSON.stringify({ upstreams: [{ registry: 'http://127.0.0.1:1' }], drainSeconds: 0 }),
  )
  await writeFile(join(folder, 'bad.json'), '{"upstreams":[],"prot":1}')
})
afterAll(() => rm(folder, { recursive: true }))

test.for<[string, readonly string[], number, string]>([
  ['help lists every command', ['--help'], 0, 'nearport explain'],
  ['a command’s help tells its flags', ['serve', '--help'], 0, '--admin-port'],
  ['no command is a wrong use, and lists them', [], 2, 'nearport sync'],
  [
    'an unknown command names those there are',
    ['pull'],
    2,
    'wanted one of serve, sync, audit, prune, mirrors, ranges, estimate, report, explain, doctor, hosts, client-config',
  ],
  ['a word of JavaScript is no command', ['constructor'], 2, 'constructor is not a command'],
  [
    'an unknown flag names those there are',
    ['serve', '--prot', '80'],
    2,
    '--prot is not a flag here: wanted one of --config, --host',
  ],
  ['a flag without its value', ['serve', '--port'], 2, '--port wants a value and got none'],
  [
    'a flag with a value that takes none',
    ['explain', '--json=1', '/v2/'],
    2,
    '--json takes no value, and got "1"',
  ],
  [
    'a port that is none',
    ['serve', '--config', 'GOOD', '--port', '80800'],
    2,
    '--port wants a port from 0 to 65535, and got "80800"',
  ],
  [
    'more processes than anyone wants',
    ['serve', '--config', 'GOOD', '--processes', '65'],
    2,
    '--processes wants a number from 1 to 64, and got "65"',
  ],
  [
    'several processes of the demonstration',
    ['serve', '--processes', '2'],
    2,
    'several processes want a configuration, and got none',
  ],
  ['an argument where none belongs', ['serve', 'now'], 2, 'serve takes no argument, and got now'],
  [
    'a missing file',
    ['serve', '--config', '/no/such.json'],
    2,
    '/no/such.json: there is no such file',
  ],
  [
    'a bad configuration lists all that is wrong',
    ['serve', '--config', 'BAD'],
    2,
    'wanted none of these keys: prot',
  ],
  [
    'explain needs an address',
    ['explain', '--config', 'GOOD', '/v2/'],
    2,
    '--ip wants an IPv4 or IPv6 address, and got none',
  ],
  [
    'explain needs a real address',
    ['explain', '--config', 'GOOD', '--ip', '1.2.3', '/v2/'],
    2,
    'and got 1.2.3',
  ],
  [
    'explain needs a path',
    ['explain', '--config', 'GOOD', '--ip', '1.2.3.4'],
    2,
    'explain wants one path that begins with /, and got none',
  ],
])('%s', async ([, args, exitCode, text]) => {
  const terminal = createTerminal()
  const files = new Map([
    ['GOOD', good],
    ['BAD', join(folder, 'bad.json')],
  ])
  const given = args.map((arg) => files.get(arg) ?? arg)
  expect(await main(given, terminal)).toBe(exitCode)
  expect(terminal.written.out + terminal.written.err).toContain(text)
})

test('a port in the environment is checked like a flag', async () => {
  const terminal = createTerminal({ PORT: 'http' })
  expect(await main(['serve', '--config', good], terminal)).toBe(2)
  expect(terminal.written.err).toContain('PORT wants a port from 0 to 65535, and got "http"')
})

test('and so is how many processes there are to be', async () => {
  const terminal = createTerminal({ PROCESSES: '0' })
  expect(await main(['serve', '--config', good], terminal)).toBe(2)
  expect(terminal.written.err).toContain('PROCESSES wants a number from 1 to 64, and got "0"')
})

test('a port that is taken fails with exit code 1', async () => {
  const first = createTerminal({ PORT: '0', ADMIN_PORT: '0' })
  const running = main(['serve', '--config', good], first)
  const port = await portOf(first)
  const second = createTerminal({ PORT: port, ADMIN_PORT: '0' })
  expect(await main(['serve', '--config', good], second)).toBe(1)
  expect(second.written.err).toContain('EADDRINUSE')
  first.end()
  expect(await running).toBe(0)
}, 15_000)

async function portOf(terminal: ReturnType<typeof createTerminal>): Promise<string> {
  for (;;) {
    const port = /clients on port (\d+)/.exec(terminal.written.out)?.[1]
    if (port !== undefined) return port
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
