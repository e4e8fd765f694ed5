import { afterEach, expect, test } from 'vitest'
import { digestOfHex } from '../../src/core/digest.ts'
import { addresses } from '../runtime/service.ts'
import { eventIn, theBundle } from './parts/place.ts'
import { publishIndex } from './parts/published-index.ts'
import type { StartedWorker, WorkerSettings } from './parts/start-worker.ts'
import { scheduledPath, startWorker } from './parts/start-worker.ts'

const digest = `sha256:${'a'.repeat(64)}`
const assumed = {
  upstreams: [{ registry: 'https://registry.example', cloud: 'gcp' }],
  mirrors: [{ id: 'aws/eu-west-1', bucket: 'b' }],
  presence: 'assume',
}
const ireland = { 'cf-connecting-ip': addresses['aws/eu-west-1'] }
const started: StartedWorker[] = []
const start = async (config: object, settings?: WorkerSettings) => {
  const worker = await startWorker(await theBundle(), config, settings)
  started.push(worker)
  return worker
}
afterEach(async () => {
  await Promise.all(started.splice(0).map(({ stop }) => stop()))
})

test('a client’s address is the edge’s word, and no header of its own', async () => {
  const { url } = await start({ ...assumed, clientAddress: 'socket' })
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const path = `${url}/v2/app/blobs/${digest}`
    const answer = await fetch(path, { headers, redirect: 'manual' })
    return answer.headers.get('x-nearport-reason')
  }
  expect(await ask(ireland)).toBe('in-region')
  const others = ['x-forwarded-for', 'x-real-ip', 'true-client-ip', 'forwarded']
  for (const name of others) {
    expect(await ask({ [name]: addresses['aws/eu-west-1'] })).toBe('no-location')
  }
})

test('operators ask below a path of their own with a token, and clients see nothing there', async () => {
  const token = 'a-secret-of-operators'
  const { url, lines } = await start(assumed, { bindings: { ADMIN_TOKEN: token } })
  const ask = (path: string, authorization?: string) =>
    fetch(`${url}/nearport/${path}`, { headers: authorization ? { authorization } : {} })

  const ready = await ask('readyz', `Bearer ${token}`)
  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({ ready: true, presence: 'assume' })
  const path = encodeURIComponent(`/v2/app/blobs/${digest}`)
  const explained = await ask(`explain?ip=34.240.0.1&path=${path}`, `Bearer ${token}`)
  expect(await explained.text()).toMatch(/client: aws\/eu-west-1\n[^]+\nreason: in-region\n/)

  const hosts = await ask('hosts', `Bearer ${token}`)
  expect(await hosts.text()).toContain('registry.example\tupstream registry.example\t')
  const listed = await ask('hosts.json', `Bearer ${token}`)
  expect(await listed.json()).toMatchObject({ hosts: [{ what: ['mirror aws/eu-west-1'] }, {}] })

  for (const authorization of [undefined, 'Bearer ', 'Bearer no', `Basic ${token}`, token]) {
    const answer = await ask('readyz', authorization)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'NAME_UNKNOWN' }] })
  }
  expect(lines.join()).not.toContain(token)
})

test('without a token of theirs there is nothing for operators to ask', async () => {
  const { url } = await start(assumed)
  const answer = await fetch(`${url}/nearport/livez`, { headers: { authorization: 'Bearer ' } })
  expect(answer.status).toBe(404)
})

test('a credential that is missing is told to the operator, and to clients in the spec’s words', async () => {
  const upstreams = [{ registry: 'https://registry.example', mode: 'relay', credentials: 'HUB' }]
  const without = await start({ upstreams })
  const answer = await fetch(`${without.url}/v2/app/manifests/1`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }] })
  await expect
    .poll(() => without.lines.join())
    .toContain('wanted HUB_USERNAME in the environment for https://registry.example, got none')

  const bindings = { HUB_USERNAME: 'me', HUB_PASSWORD: 'secret' }
  const { url } = await start({ upstreams }, { bindings })
  expect((await fetch(`${url}/v2/`)).status).toBe(200)
})

test('an index is read from the bucket that is bound, and told of when it is time to', async () => {
  const publicUrl = 'https://mirror.example'
  const mirrors = [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl }]
  const config = { ...assumed, presence: 'index', mirrors }
  const bucket = publishIndex([digestOfHex('a'.repeat(64))], publicUrl)
  const { url, lines } = await start(config, { bucket })
  // No request has come: whoever looks is `scheduled`.
  expect((await fetch(url + scheduledPath)).status).toBe(200)
  await expect
    .poll(() => lines.flatMap(eventIn))
    .toContainEqual(
      expect.objectContaining({ event: 'index', outcome: 'loaded', generation: 1, blobs: 1 }),
    )
  const path = `${url}/v2/app/blobs/${digest}`
  const answer = await fetch(path, { headers: ireland, redirect: 'manual' })
  expect(answer.headers.get('location')).toBe(`${publicUrl}/containers/images/${digest}`)
})

test('what is recorded of a look for an index says where there is none', async () => {
  const { url, lines } = await start({
    ...assumed,
    presence: 'index',
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://127.0.0.1:1' }],
  })
  await fetch(`${url}/v2/`)
  await expect
    .poll(() => lines.flatMap(eventIn))
    .toContainEqual(
      expect.objectContaining({
        event: 'index',
        outcome: 'missing',
        problems: [expect.stringContaining('aws/eu-west-1: ')],
      }),
    )
})
