import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Agent, request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CertificateEvent } from '../../../src/core/event.ts'
import type { Listener } from '../../../src/runtime/http/listener.ts'
import { listenWithTls } from '../../../src/runtime/http/tls-listener.ts'
import { certificates } from '../certificates.ts'

let folder: string
let files: { readonly cert: string; readonly key: string }
const written: { cert: string; key: string } = { ...certificates.first }
let listener: Listener | undefined
const events: CertificateEvent[] = []
const agents: Agent[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nearport-tls-'))
  files = { cert: join(folder, 'data/tls.crt'), key: join(folder, 'data/tls.key') }
  await write(certificates.first)
})
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy()
  await listener?.close(0)
  listener = undefined
  events.length = 0
  await rm(folder, { recursive: true })
})

test('clients are answered with TLS, and the address says so', async () => {
  await start()
  const { shown, body } = await ask(agentOf())
  expect([shown, body]).toEqual(['first', `https://127.0.0.1:${listener!.port}/v2/`])
})

test('a certificate that is renewed is shown to whoever connects then, and drops nobody', async () => {
  await start()
  const old = agentOf()
  const before = await ask(old)

  await write(certificates.second)
  await until(() => events.length > 0)
  expect(events).toEqual([expect.objectContaining({ event: 'certificate', outcome: 'taken' })])
  expect(Date.parse(events[0]!.validTo!)).toBeGreaterThan(Date.now())
  expect((await ask(agentOf())).shown).toBe('second')

  const after = await ask(old)
  expect(after.localPort).toBe(before.localPort)
  expect(after.body).toBe(before.body)
})

test.for<[string, object, RegExp]>([
  ['whose key is not there yet', { cert: certificates.second.cert }, /key values mismatch/],
  ['that is no PEM', { cert: 'nothing' }, /wanted a certificate in .*tls\.crt/],
])('a certificate %s is refused, once, and the last good one stays', async ([, given, why]) => {
  await start()
  await write(given)
  await until(() => events.length > 0)
  expect((await ask(agentOf())).shown).toBe('first')

  await write(certificates.second)
  await until(() => events.length > 1)
  expect((await ask(agentOf())).shown).toBe('second')
  expect(events.map(({ outcome }) => outcome)).toEqual(['refused', 'taken'])
  expect(events[0]!.problem).toMatch(why)
  expect(JSON.stringify(events)).not.toContain('PRIVATE')
})

test('a client without TLS is sent away, and the others stay', async () => {
  await start()
  const plain = connect(listener!.port, '127.0.0.1')
  plain.end('GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n')
  plain.resume()
  await once(plain, 'close')
  expect((await ask(agentOf())).body).toMatch(/^https:/)
})

test.for<[string, object, RegExp]>([
  ['the key of another', { key: certificates.second.key }, /key values mismatch/],
  ['no key', { key: '' }, /wanted a certificate/],
])('nothing listens with a certificate that has %s', async ([, given, why]) => {
  await write(given)
  await expect(start()).rejects.toThrow(why)
})

async function start(): Promise<void> {
  listener = await listenWithTls(
    { fetch: (request) => new Response(request.url) },
    { host: '127.0.0.1', port: 0 },
    files,
    (event) => events.push(event),
    5,
  )
  expect(events.splice(0)).toMatchObject([
    { event: 'certificate', outcome: 'taken', validTo: expect.stringMatching(/^21\d\d-.*Z$/) },
  ])
}

let writes = 0

/** Puts both files in place at once, as Kubernetes does; what is not given stays as it was. */
async function write(given: { readonly cert?: string; readonly key?: string }): Promise<void> {
  Object.assign(written, given)
  const version = `version-${writes++}`
  await mkdir(join(folder, version))
  await writeFile(join(folder, version, 'tls.crt'), written.cert)
  await writeFile(join(folder, version, 'tls.key'), written.key)
  await symlink(version, join(folder, 'next'))
  await rename(join(folder, 'next'), join(folder, 'data'))
}

/** An agent with one connection, which believes both certificates. */
function agentOf(): Agent {
  const ca = [certificates.first.cert, certificates.second.cert]
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
  agents.push(agent)
  return agent
}

async function ask(agent: Agent) {
  const sent = requestHttps({ host: '127.0.0.1', port: listener!.port, path: '/v2/', agent }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const socket = response.socket as TLSSocket
  const [shown, localPort] = [socket.getPeerCertificate().subject.CN, socket.localPort]
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += piece
  return { shown, localPort, body }
}

const until = (check: () => boolean) => vi.waitUntil(check, { timeout: 10_000, interval: 5 })
