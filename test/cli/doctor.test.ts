import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Examination } from '../../src/cli/doctor/examination.ts'
import { main } from '../../src/cli/main.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import { startTestService } from '../runtime/service.ts'
import { createMirrorWorld, east, ireland } from '../sync/mirrors/mirror-world.ts'
import { env } from '../sync/world.ts'
import { createTerminal } from './terminal.ts'

const ports = { port: 0, adminPort: 0 }

/** Runs `nearport doctor --json` on a configuration, and gives each examination by what it is of. */
async function examine(file: object, ...args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-doctor-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'nearport.json')
  await writeFile(path, JSON.stringify(file))
  const terminal = createTerminal(env)
  const code = await main(['doctor', '--config', path, '--json', ...args], terminal)
  const { examined } = JSON.parse(terminal.written.out) as { examined: readonly Examination[] }
  return { code, path, of: (name: string) => examined.find(({ of }) => of.startsWith(name))! }
}

async function serve(answer: (request: Request) => Response): Promise<string> {
  const { url, close } = await serveEmbedded((request) => Promise.resolve(answer(request)))
  onTestFinished(close)
  return url
}

test('what is whole has nothing wrong with it, for people too', async () => {
  const { file, setUp, publish } = await createMirrorWorld()
  for (const id of [east, ireland]) await setUp(id)
  await publish()
  const registry = await serve(() => json(200))
  const { code, path, of } = await examine({ ...file, upstreams: [{ registry }], ...ports })
  expect(of('mirror aws/us-east-1').findings).toEqual([])
  expect(of('index').seen).toEqual([expect.stringMatching(/^generation \d+: \d+ blobs, checked/)])
  expect(of('clock').findings).toEqual([])
  expect(of('port of clients').seen).toEqual(['free'])
  expect(code).toBe(0)
  const terminal = createTerminal(env)
  await main(['doctor', '--config', path], terminal)
  expect(terminal.written.out).toMatch(/^mirror aws\/us-east-1: nothing is wrong$/m)
})

test('a bad configuration is told whole, and nothing else is looked at', async () => {
  const { code, of } = await examine({ upstreams: [], prot: 1 })
  expect(code).toBe(1)
  const what = of('configuration').findings.map((finding) => finding.what)
  expect(what).toEqual([expect.stringContaining('upstreams'), expect.stringContaining('prot')])
})

type Row = [name: string, changes: object, answer: (path: string) => Response, what: string]
const json = (status: number, body: object = {}) => Response.json(body, { status })

test.for<Row>([
  [
    'clients are redirected to what wants tokens',
    {},
    (path) => json(path === '/v2/' ? 200 : 401),
    'clients are redirected there, and anyone who asks URL/v2/app/tags/list?n=1 gets 401',
  ],
  ['it is no registry', {}, () => json(404), 'wanted a registry, and URL/v2/ answered 404'],
  [
    'nearport has no leave in relay mode',
    { mode: 'relay' },
    (path) => json(path === '/v2/' ? 200 : 403),
    'upstream answered 403 to GET URL/v2/app/tags/list',
  ],
])('an upstream: %s', async ([, changes, answer, what]) => {
  const registry = await serve((request) => answer(new URL(request.url).pathname))
  const sync = { repositories: ['app'] }
  const { code, of } = await examine({ upstreams: [{ registry, ...changes }], sync, ...ports })
  const [finding] = of('upstream').findings
  expect(finding!.what).toContain(what.replace('URL', registry))
  expect(finding!.fix).not.toBe('')
  expect(code).toBe(1)
})

test.for<[string, object, string]>([
  ['redirect', {}, 'mode redirect: gives app to anyone'],
  ['relay', { mode: 'relay' }, 'it asks nobody for a token'],
  ['its clients’ own credentials', { mode: 'relay', clientCredentials: true }, 'bring their own'],
])('an upstream that is right, with %s', async ([, changes, seen]) => {
  const registry = await serve(() => json(200, { name: 'app', tags: ['1'] }))
  const sync = { repositories: ['app'] }
  const { code, of } = await examine({ upstreams: [{ registry, ...changes }], sync, ...ports })
  expect(of('upstream')).toMatchObject({ findings: [] })
  expect(of('upstream').seen.join('\n')).toContain(seen)
  expect(code).toBe(0)
})

test('an upstream that does not answer, no index, and a clock that is off', async () => {
  const date = new Date(Date.now() - 3_600_000).toUTCString()
  const slow = await serve(() => new Response('{}', { headers: { date } }))
  const { of } = await examine({
    upstreams: [{ registry: 'http://127.0.0.1:1' }, { registry: slow, repositories: 'slow' }],
    mirrors: [
      { id: 'aws/eu-west-1', bucket: 'b', endpoint: 'http://127.0.0.1:1', forcePathStyle: true },
    ],
    ...ports,
  })
  expect(of('upstream http://127.0.0.1:1').findings[0]!.what).toContain('does not answer')
  expect(of('index').findings.at(-1)!.what).toContain('there is none')
  expect(of('index').findings[0]!.fix).toBe(
    'nearport sync, or if it has run, nearport mirrors check',
  )
  expect(of('clock').findings[0]!.what).toMatch(/^this clock is 3\d{3} s before that of/)
})

test('a port that another has', async () => {
  const server = createServer().listen(0)
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const registry = await serve(() => json(200))
  const { of } = await examine({ upstreams: [{ registry }], ...ports, port })
  expect(of('port of clients').findings[0]!.what).toContain('EADDRINUSE')
})

test.for<[string, string, readonly string[]]>([
  ['is where it should be', '54.72.0.10', []],
  [
    'is elsewhere',
    '35.180.1.1',
    ['35.180.1.1 is aws/eu-west-3, and nearport sees a client here as aws/eu-west-1'],
  ],
])('this machine, as nearport sees it, %s', async ([, ip, wanted]) => {
  const registry = await serve(() => json(200))
  const upstreams = [{ registry }]
  const { url } = await startTestService({ upstreams, clientAddress: { header: 'x-here' } })
  // What stands before nearport says where a client is.
  const seen = await serveEmbedded((request) =>
    fetch(url + new URL(request.url).pathname, { headers: { 'x-here': '54.72.0.10' } }),
  )
  onTestFinished(seen.close)
  const { of } = await examine({ upstreams, ...ports }, '--url', seen.url, '--ip', ip)
  expect(of('clients’ address').findings.map(({ what }) => what)).toEqual(wanted)
})
