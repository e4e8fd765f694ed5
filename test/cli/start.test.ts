import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { addresses } from '../runtime/service.ts'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

// In the process itself: with its first answer it says what it has loaded.
const tell = `
  import { subscribe } from 'node:diagnostics_channel'
  import { registerHooks } from 'node:module'
  const loaded = []
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
  subscribe('http.server.response.finish', () =>
    console.error(JSON.stringify([...loaded, ...process.moduleLoadList])))`

// What serve stands on, and does not need for this: by the time and the memory that it takes.
const unneeded =
  /node_modules\/(?:zod|undici|@aws-sdk\/[^/]+|@hono\/node-server)\/|internal\/deps\/undici/

test('to send a client to a mirror, serve loads what that takes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-start-'))
  const config = {
    upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://eu.example' }],
    clientAddress: { header: 'x-forwarded-for' },
    presence: 'assume',
    health: { everySeconds: 0 },
    ranges: { refreshSeconds: 0 },
    drainSeconds: 0,
  }
  const file = join(folder, 'nearport.json')
  await writeFile(file, JSON.stringify(config))
  const preload = `data:text/javascript,${encodeURIComponent(tell)}`
  const ports = ['--host', '127.0.0.1', '--port', '0', '--admin-port', '0']
  const args = ['--import', preload, main, 'serve', ...ports, '--config', file]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
    await rm(folder, { recursive: true })
  })

  const said = createInterface(child.stdout)[Symbol.asyncIterator]()
  const { value: started } = await said.next()
  const port = /clients on port (\d+)/.exec(String(started))![1]
  const response = await fetch(`http://127.0.0.1:${port}/v2/app/blobs/sha256:${'a'.repeat(64)}`, {
    redirect: 'manual',
    headers: { 'x-forwarded-for': addresses['aws/eu-west-1'] },
  })
  expect(response.headers.get('location')).toContain('http://eu.example/')

  const told = createInterface(child.stderr)[Symbol.asyncIterator]()
  const loaded = JSON.parse(String((await told.next()).value)) as readonly string[]
  expect(loaded).toContainEqual(expect.stringContaining('/src/runtime/http/listener.ts'))
  expect(loaded.filter((each) => unneeded.test(each))).toEqual([])
})
