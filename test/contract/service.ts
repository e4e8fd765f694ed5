import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addresses } from '../runtime/service.ts'
import type { Place, Running } from './place.ts'
import { clientHeader } from './place.ts'
import type { World } from './world.ts'
import { late, mirrored, startWorld } from './world.ts'

const { digest, size } = mirrored.blobs.at(-1)!.descriptor
const lateDigest = late.blobs.at(-1)!.descriptor.digest
const manifest = mirrored.descriptor
const blob = `/v2/app/blobs/${digest}`
const relayed = `/v2/closed/app/blobs/${lateDigest}`
const ireland = addresses['aws/eu-west-1']

type Asked = { readonly method?: string; readonly headers?: Readonly<Record<string, string>> }

/**
 * What a client sees of nearport, and what an operator is told of it, over HTTP, with real upstreams
 * and mirrors: the same wherever it runs.
 */
export function serviceContract(place: Place): void {
  let world: World
  let nearport: Running
  const running: Running[] = []
  const start = async (changes?: object) => {
    const started = await place.start(world.config(changes))
    running.push(started)
    return started
  }
  const ask = (path: string, { method = 'GET', headers = {} }: Asked = {}, at = nearport) =>
    fetch(at.url + path, {
      method,
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity', accept: `${manifest.mediaType}, */*`, ...headers },
    })
  const from = (address: string) => ({ headers: { [clientHeader]: address } })
  const reasonOf = (answer: Response) => answer.headers.get('x-nearport-reason')

  beforeAll(async () => {
    world = await startWorld()
    nearport = await start()
    await waitForIndex()
  })
  afterAll(async () => {
    await Promise.all(running.map(({ stop }) => stop()))
    await world?.close()
  })

  /** What knows nothing at its start asks for an index as the first requests come. */
  async function waitForIndex(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if (reasonOf(await ask(blob, from(ireland))) !== 'no-index') return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('wanted an index within 2 s, got none')
  }

  describe(`nearport on ${place.name}`, () => {
    test.for<[string, string, string, 'mirror' | 'upstream', string]>([
      ['in the region of a mirror', ireland, digest, 'mirror', 'in-region'],
      ['in a region that a mirror is near to', '18.184.0.1', digest, 'mirror', 'nearest'],
      ['in the upstream’s cloud', addresses['gcp/us-central1'], digest, 'upstream', 'same-cloud'],
      ['nobody knows where', addresses.nowhere, digest, 'upstream', 'no-location'],
      ['that says no address', 'everywhere', digest, 'upstream', 'no-location'],
      ['that wants what no mirror has', ireland, lateDigest, 'upstream', 'not-mirrored'],
    ])('a client %s is sent on in one hop', async ([, address, wanted, where, reason]) => {
      const answer = await ask(`/v2/app/blobs/${wanted}`, from(address))
      expect(answer.status).toBe(307)
      expect(reasonOf(answer)).toBe(reason)
      const mirror = `${world.store}/mirror-eu-west-1/containers/images/${wanted}`
      expect(answer.headers.get('location')).toBe(
        where === 'mirror' ? mirror : `${world.registry}/v2/app/blobs/${wanted}`,
      )
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('docker-content-digest')).toBe(wanted)
    })

    test('what a client is sent to has the bytes', async () => {
      const answer = await ask(blob, from(ireland))
      const bytes = await (await fetch(answer.headers.get('location')!)).arrayBuffer()
      expect(bytes.byteLength).toBe(size)
    })

    test('the base of the API has its length and no challenge', async () => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask('/v2/', { method })
        expect(answer.status).toBe(200)
        expect(answer.headers.get('content-length')).toBe('2')
        expect(answer.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
        expect(answer.headers.get('www-authenticate')).toBeNull()
      }
    })

    test('a HEAD of a blob in the index is answered here, with its length on the wire', async () => {
      const answer = await ask(blob, { method: 'HEAD', ...from(ireland) })
      expect([answer.status, reasonOf(answer)]).toEqual([200, 'known-size'])
      expect(answer.headers.get('content-length')).toBe(String(size))
      expect(answer.headers.get('docker-content-digest')).toBe(digest)
    })

    test('a manifest is the upstream’s, with the client’s query', async () => {
      const answer = await ask('/v2/app/manifests/1?a=%20b&ns=docker.io')
      expect([answer.status, reasonOf(answer)]).toEqual([307, 'manifest'])
      expect(answer.headers.get('location')).toBe(`${world.registry}/v2/app/manifests/1?a=%20b`)
    })

    test('a list is given here and leads on to here', async () => {
      const answer = await ask('/v2/app/tags/list')
      expect([answer.status, reasonOf(answer)]).toEqual([200, 'listing'])
      expect(await answer.json()).toEqual({ name: 'app', tags: ['1'] })
      expect(answer.headers.get('link')).toMatch(/^<\/v2\/app\/tags\/list\?.+>; rel="next"$/)
    })

    test('a manifest of a registry that wants tokens is passed on, byte for byte', async () => {
      for (const reference of ['1', manifest.digest]) {
        const answer = await ask(`/v2/closed/app/manifests/${reference}`)
        expect(answer.status).toBe(200)
        expect(answer.headers.get('content-type')).toBe(manifest.mediaType)
        expect(answer.headers.get('docker-content-digest')).toBe(manifest.digest)
        expect(Buffer.from(await answer.arrayBuffer()).equals(mirrored.bytes)).toBe(true)
      }
    })

    test('its HEAD has what crane and oras cannot do without', async () => {
      const answer = await ask('/v2/closed/app/manifests/1', { method: 'HEAD' })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-length')).toBe(String(manifest.size))
      expect(answer.headers.get('content-type')).toBe(manifest.mediaType)
      expect(answer.headers.get('docker-content-digest')).toBe(manifest.digest)
    })

    test('a blob that it leads elsewhere for is had there, absolutely and in one hop', async () => {
      const answer = await ask(relayed)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([307, 'no-store'])
      const blobAnswer = await fetch(answer.headers.get('location')!, { redirect: 'manual' })
      expect(blobAnswer.status).toBe(200)
    })

    test.for<[string, string, string | null]>([
      ['all of a blob', `blobs/${lateDigest}`, null],
      ['the rest of a blob', `blobs/${lateDigest}`, 'bytes=10-'],
      ['a manifest', `manifests/${late.descriptor.digest}`, null],
    ])('%s that is passed on has its length on the wire', async ([, rest, range]) => {
      const answer = await ask(`/v2/inline/app/${rest}`, { headers: range ? { range } : {} })
      expect(answer.status).toBe(range ? 206 : 200)
      const { byteLength } = await answer.arrayBuffer()
      expect(answer.headers.get('content-length')).toBe(String(byteLength))
      expect(byteLength).toBeGreaterThan(20)
    })

    test('what the upstream breaks off is broken off, and nobody takes it for whole', async () => {
      const broken = createServer((_, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('x'.repeat(100), () => response.destroy())
      })
      await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
      const registry = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`
      const at = await start({ upstreams: [{ registry, mode: 'relay' }] })
      const read = ask(`/v2/app/blobs/${lateDigest}`, {}, at).then((answer) => answer.arrayBuffer())
      await expect(read).rejects.toThrow('terminated')
      expect((await ask('/v2/', {}, at)).status).toBe(200)
      broken.close()
    })

    test('a blob of it that a mirror has is had from there', async () => {
      const answer = await ask(`/v2/closed/app/blobs/${digest}`, from(ireland))
      expect([answer.status, reasonOf(answer)]).toEqual([307, 'in-region'])
    })

    test.for<[string, string, string, number, string]>([
      ['an upload', 'POST', '/v2/app/blobs/uploads/', 405, 'UNSUPPORTED'],
      ['a manifest that is no tag', 'GET', '/v2/app/manifests/.no', 404, 'MANIFEST_UNKNOWN'],
      ['a blob that is no digest', 'GET', '/v2/app/blobs/x', 400, 'DIGEST_INVALID'],
      ['the catalog', 'GET', '/v2/_catalog', 404, 'UNSUPPORTED'],
      ['a page', 'GET', '/index.html', 404, 'NAME_UNKNOWN'],
      ['a path that hides a slash', 'GET', '/v2/app%2fb/manifests/1', 404, 'MANIFEST_UNKNOWN'],
      ['a manifest nobody has', 'GET', '/v2/closed/app/manifests/9', 404, 'MANIFEST_UNKNOWN'],
      ['a repository nobody has', 'GET', '/v2/none/tags/list', 404, 'NAME_UNKNOWN'],
    ])('%s is refused in the words of the spec', async ([, method, path, status, code]) => {
      const answer = await ask(path, { method })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toBe('application/json')
      const errors = [expect.objectContaining({ code, message: expect.any(String) })]
      expect(await answer.json()).toEqual({ errors })
    })

    test('whoever must not be sent to a mirror is not', async () => {
      const hosts = [new URL(nearport.url).hostname]
      for (const [optOut, headers] of [
        [{ addresses: ['34.240.0.0/16'] }, {}],
        [{ header: 'X-No-Mirror' }, { 'x-no-mirror': '1' }],
        [{ hosts }, {}],
      ] as const) {
        const at = await start({ presence: 'assume', optOut })
        const answer = await ask(blob, { headers: { ...from(ireland).headers, ...headers } }, at)
        expect([answer.status, reasonOf(answer)]).toEqual([307, 'opted-out'])
      }
    })

    test('mirrors that are asked say what they hold', async () => {
      const at = await start({ presence: 'probe' })
      const reasons = [blob, `/v2/app/blobs/${lateDigest}`].map(async (path) =>
        reasonOf(await ask(path, from(ireland), at)),
      )
      expect(await Promise.all(reasons)).toEqual(['in-region', 'not-mirrored'])
    })

    test('with no index to be had the upstream has it all', async () => {
      const gone = { id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://127.0.0.1:1' }
      const at = await start({ mirrors: [gone] })
      for (let n = 0; n < 3; n++) {
        expect(reasonOf(await ask(blob, from(ireland), at))).toBe('no-index')
      }
    })

    test('a request leaves one event, with neither an address nor a token', async () => {
      await ask(`/v2/closed/app/manifests/2`, from(ireland))
      await ask(blob, { headers: { ...from(ireland).headers, range: 'bytes=0-9' } })
      await expect.poll(() => eventOf('closed/app', '2')).toBeDefined()
      await expect.poll(() => nearport.events().findLast(({ bytes }) => bytes === 10)).toBeDefined()
      expect(nearport.events().findLast(({ bytes }) => bytes === 10)).toEqual({
        event: 'request',
        timeMs: expect.any(Number),
        method: 'GET',
        kind: 'blob',
        repository: 'app',
        reference: digest,
        cloud: 'aws',
        region: 'eu-west-1',
        action: 'mirror',
        reason: 'in-region',
        mirror: 'aws/eu-west-1',
        status: 307,
        sizeBytes: size,
        bytes: 10,
        durationMs: expect.any(Number),
      })
      const told = JSON.stringify(nearport.events())
      expect(told).not.toContain(ireland)
      expect(told).not.toMatch(/Bearer|Basic/)
    })
  })

  function eventOf(repository: string, reference: string) {
    return nearport
      .events()
      .find((event) => event['repository'] === repository && event['reference'] === reference)
  }
}
