import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RunMetricsSettings } from '../../src/runtime/run-metrics.ts'
import { createRunMetrics } from '../../src/runtime/run-metrics.ts'

type Pushed = { readonly line: string; readonly body: string; readonly authorization: unknown }

/** Stands in for a Pushgateway, which answers as it is told. */
async function createGateway(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => void = (_, outgoing) =>
    outgoing.end(),
) {
  const pushed: Pushed[] = []
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming
    const body = await text(incoming)
    pushed.push({ line: `${method} ${url}`, body, authorization: headers.authorization })
    answer(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { pushed, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function start(settings: Partial<RunMetricsSettings>, pushEveryMs = 15_000) {
  const said: string[] = []
  let scrapes = 0
  const metrics = await createRunMetrics(
    { port: undefined, host: '127.0.0.1', pushUrl: undefined, file: undefined, ...settings },
    {
      job: 'nearport_sync',
      instance: settings.pushUrl?.includes('sharded') ? 'shard-0-of-4' : undefined,
      scrape: async () => ({ text: `scrapes ${++scrapes}\n`, contentType: 'text/plain' }),
      say: (line) => void said.push(line),
      pushEveryMs,
    },
  )
  return { ...metrics, said }
}

test('serves the metrics while the run lasts, and not after it', async () => {
  const { port, end } = await start({ port: 0 })
  const ask = () => fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } })
  const answer = await ask()
  expect([answer.status, await answer.text()]).toEqual([200, 'scrapes 1\n'])
  await end()
  await expect(ask()).rejects.toThrow('fetch failed')
})

test('a port that is taken is said at once', async () => {
  const { port, end } = await start({ port: 0 })
  await expect(start({ port: port! })).rejects.toThrow(/^port \d+ of 127\.0\.0\.1 is taken/)
  await end()
})

test.for<[string, string, string]>([
  ['a gateway', '', '/metrics/job/nearport_sync'],
  ['a gateway below a path', '/gateway/', '/gateway/metrics/job/nearport_sync'],
  ['a whole address', '/metrics/job/mine/team/x', '/metrics/job/mine/team/x'],
  ['a shard', '/sharded', '/sharded/metrics/job/nearport_sync/instance/shard-0-of-4'],
])('pushes to %s', async ([, path, expected]) => {
  const { pushed, host } = await createGateway()
  const { end, said } = await start({ pushUrl: `http://me:pass%20word@${host}${path}` })
  await end()
  const authorization = `Basic ${Buffer.from('me:pass word').toString('base64')}`
  expect(pushed).toEqual([{ line: `POST ${expected}`, body: 'scrapes 1\n', authorization }])
  expect(said).toEqual([])
})

test('pushes while the run lasts too', async () => {
  const { pushed, host } = await createGateway()
  const { end } = await start({ pushUrl: `http://${host}` }, 5)
  await vi.waitFor(() => expect(pushed.length).toBeGreaterThan(2))
  await end()
  const count = pushed.length
  expect(pushed.at(-1)?.body).toBe(`scrapes ${count}\n`)
})

test.for<[string, (incoming: IncomingMessage, outgoing: ServerResponse) => void, RegExp]>([
  [
    'refuses',
    (_, outgoing) => outgoing.writeHead(400).end('wrong name\n'),
    /^metrics were not pushed: POST http:\/\/127\.0\.0\.1:\d+\/metrics\/job\/nearport_sync: answered 400 \(wrong name\)$/,
  ],
  [
    'sends elsewhere',
    (_, outgoing) => outgoing.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    /: answered 302$/,
  ],
  ['hangs up', (incoming) => incoming.socket.destroy(), /: other side closed$/],
])('a gateway that %s is told of once, without the password', async ([, answer, message]) => {
  const { pushed, host } = await createGateway(answer)
  const { end, said } = await start({ pushUrl: `http://me:secret@${host}` }, 5)
  await vi.waitFor(() => expect(pushed.length).toBeGreaterThan(2))
  await end()
  expect(said).toEqual([expect.stringMatching(message)])
  expect(said.join()).not.toContain('secret')
})

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-metrics-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

test('writes a file at the end, and leaves nothing beside it', async () => {
  const folder = await createFolder()
  const file = join(folder, 'nearport.prom')
  const { end } = await start({ file })
  expect(await readdir(folder)).toEqual([])
  await end()
  expect(await readdir(folder)).toEqual(['nearport.prom'])
  expect(await readFile(file, 'utf8')).toBe('scrapes 1\n')
})

test('a file keeps the time of the last success where a run says none', async () => {
  const folder = await createFolder()
  const file = join(folder, 'nearport.prom')
  const name = 'nearport_sync_last_success_timestamp_seconds'
  const family = `# HELP ${name} When.\n# TYPE ${name} gauge\n${name} 17.5\n`
  await writeFile(file, `old 1\n\n${family}`)
  for (const count of [1, 2]) {
    const { end } = await start({ file })
    await end()
    expect([count, await readFile(file, 'utf8')]).toEqual([count, `scrapes 1\n\n${family}`])
  }
})

test('a file that cannot be written fails nothing', async () => {
  const { end, said } = await start({ file: '/nowhere/nearport.prom' })
  await end()
  expect(said).toEqual([expect.stringMatching(/^metrics were not written: ENOENT/)])
})
