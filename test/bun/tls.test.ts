import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { startProcess } from '../e2e/parts/process.ts'
import { certificates } from '../runtime/certificates.ts'
import { bunProgram, eventsIn } from './parts/place.ts'

test('a certificate that is renewed is shown to whoever connects then', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nearport-bun-tls-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const files = [join(folder, 'tls.crt'), join(folder, 'tls.key')] as const
  const write = async ({ cert, key }: { readonly cert: string; readonly key: string }) => {
    await writeFile(files[0], cert)
    await writeFile(files[1], key)
  }
  await write(certificates.first)
  const log = join(folder, 'tls.log')
  const listening = () => eventsIn(log).find(({ event }) => event === 'listening')
  const running = await startProcess({
    name: 'tls',
    command: [bunProgram(), join(import.meta.dirname, 'parts/serve-tls.ts'), ...files],
    logs: folder,
    ready: () => Promise.resolve(listening() !== undefined),
  })
  onTestFinished(() => running.stop())

  const port = Number(listening()!['port'])
  expect(await ask(port)).toEqual(['first', `https://127.0.0.1:${port}/v2/`])
  await write(certificates.second)
  await expect.poll(() => ask(port), { timeout: 10_000 }).toEqual(['second', expect.any(String)])
  await write(certificates.first)
  await expect.poll(() => ask(port), { timeout: 10_000 }).toEqual(['first', expect.any(String)])
  expect(readFileSync(log, 'utf8')).not.toContain('PRIVATE')
})

async function ask(port: number): Promise<readonly [shown: string | undefined, body: string]> {
  const ca = [certificates.first.cert, certificates.second.cert]
  const sent = requestHttps({ host: '127.0.0.1', port, path: '/v2/', ca, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const shown = (response.socket as TLSSocket).getPeerCertificate().subject.CN
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += piece
  return [shown as string | undefined, body]
}
