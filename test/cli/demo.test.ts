import { afterAll, beforeAll, expect, test } from 'vitest'
import { serve } from '../../src/cli/serve.ts'
import { createTerminal } from './terminal.ts'

// `npm start` as a newcomer meets it.
const terminal = createTerminal({ PORT: '0', ADMIN_PORT: '0', NEARPORT_CONFIG: '' })
let running: Promise<number>
let url: string
let adminUrl: string

beforeAll(async () => {
  running = serve.run([], terminal)
  while (!terminal.written.err.includes('metrics'))
    await new Promise((resolve) => setTimeout(resolve, 10))
  const [, port, adminPort] = /clients on port (\d+), operators on port (\d+)/.exec(
    terminal.written.out,
  )!
  url = `http://127.0.0.1:${port}`
  adminUrl = `http://127.0.0.1:${adminPort}`
})
afterAll(() => terminal.end())

test('it prints three commands to try', () => {
  expect(terminal.written.err.match(/^ {4}(?:curl|skopeo) /gm)).toHaveLength(3)
  expect(terminal.written.err).toContain(url)
  expect(terminal.written.err).toContain(adminUrl)
})

test('the curl that it prints is sent to the mirror in Ireland, and finds the layer there', async () => {
  const [, address, target] = /X-Forwarded-For: (\S+)' (\S+)/.exec(terminal.written.err)!
  const response = await fetch(target!, {
    redirect: 'manual',
    headers: { 'x-forwarded-for': address! },
  })
  expect(response.headers.get('x-nearport-reason')).toBe('in-region')
  expect(response.headers.get('location')).toContain('/mirror-eu-west-1/')
  const layer = await fetch(response.headers.get('location')!)
  expect(layer.status).toBe(200)
  expect((await layer.arrayBuffer()).byteLength).toBeGreaterThan(0)
})

test('a client of this machine gets every blob of an image from a mirror', async () => {
  const accept =
    'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
  const read = async (path: string) =>
    (await fetch(`${url}/v2/hello/${path}`, { headers: { accept } })).json() as Promise<Manifest>
  const index = await read('manifests/1.0')
  expect(index.manifests).toHaveLength(2)
  for (const { digest } of index.manifests) {
    const manifest = await read(`manifests/${digest}`)
    for (const blob of [manifest.config, ...manifest.layers]) {
      const response = await fetch(`${url}/v2/hello/blobs/${blob.digest}`)
      expect(response.url).toContain('/mirror-us-east-1/')
      expect((await response.arrayBuffer()).byteLength).toBe(blob.size)
    }
  }
})

test('one JSON line an event goes to standard output', async () => {
  const lines = terminal.written.out.trimEnd().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toContain('request')
})

test('asked to stop, it stops', async () => {
  terminal.end()
  expect(await running).toBe(0)
  await expect(fetch(`${url}/v2/`)).rejects.toThrow('fetch failed')
})

type Descriptor = { readonly digest: string; readonly size: number }
type Manifest = {
  readonly manifests: readonly Descriptor[]
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}
