import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { canaryDigest } from '../../src/core/canary.ts'
import { addresses } from '../runtime/service.ts'
import { eventIn, theBundle } from './parts/place.ts'
import { startWorker } from './parts/start-worker.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('a mirror that stops serving is left out by the isolate, and taken again', async () => {
  let status = 206
  const server = createServer((request, response) => {
    const isCanary = request.url!.endsWith(canaryDigest('aws/eu-west-1'))
    response.writeHead(isCanary || status !== 206 ? status : 404).end('x')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const upstream = createServer((_request, response) => response.end('{}'))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void upstream.close())
  const registry = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

  const worker = await startWorker(await theBundle(), {
    upstreams: [{ registry, cloud: 'gcp' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl }],
    presence: 'assume',
    health: { everySeconds: 0.1, failures: 2, successes: 2 },
  })
  onTestFinished(() => worker.stop())
  const reason = async () => {
    const answer = await fetch(`${worker.url}/v2/app/blobs/${digest}`, {
      headers: { 'cf-connecting-ip': addresses['aws/eu-west-1'] },
      redirect: 'manual',
    })
    return answer.headers.get('x-nearport-reason')
  }
  const patience = { timeout: 10_000, interval: 60 }
  expect(await reason()).toBe('in-region')
  status = 503
  await vi.waitFor(async () => expect(await reason()).toBe('unhealthy'), patience)
  const events = worker.lines.flatMap(eventIn)
  expect(events).toContainEqual(expect.objectContaining({ event: 'mirror-out' }))
  status = 206
  await vi.waitFor(async () => expect(await reason()).toBe('in-region'), patience)
})
