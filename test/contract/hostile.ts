import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { imageOf, push } from '../../src/embedded/images.ts'
import { createRegistry } from '../../src/embedded/registry.ts'
import type { Served } from '../../src/embedded/serve.ts'
import { serveEmbedded } from '../../src/embedded/serve.ts'
import type { RawResponse } from '../runtime/raw-request.ts'
import { sendRaw } from '../runtime/raw-request.ts'
import { addresses } from '../runtime/service.ts'
import type { Place, Running } from './place.ts'
import { clientHeader } from './place.ts'

const registry = createRegistry()
const image = imageOf({ architecture: 'amd64', files: [{ path: 'a', content: 'a' }] })
push(registry, 'app', image, '1.0')

const digest = image.descriptor.digest
const pieces = fc.oneof(
  fc.constantFrom('/v2/', 'app', '/', 'blobs', 'manifests', 'tags', 'list', 'referrers', digest),
  fc.constantFrom(
    '..',
    '.',
    '//',
    '\\',
    '%2f',
    '%2F..%2F',
    '%5c',
    '%00',
    '%0d%0a',
    '%ff',
    '%zz',
    '%',
  ),
  fc.constantFrom(
    '%250d%250a',
    '%e2%80%ae',
    '@evil.example',
    ':80',
    '?',
    '#',
    '&',
    '?ns=evil.example',
  ),
  fc.constantFrom(
    'http://evil.example/',
    'sha256:',
    'sha512:',
    'SHA256:',
    'x'.repeat(300),
    'é',
    '\x80\xff',
  ),
  fc.string({ maxLength: 12 }),
)
const targets = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((parts) => `/v2/app/${parts.join('/')}`),
  fc.array(pieces, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')),
  fc.array(pieces, { maxLength: 4 }).map((parts) => `/v2/app/blobs/${digest}?${parts.join('')}`),
  fc.array(pieces, { maxLength: 4 }).map((parts) => `/v2/app/manifests/1.0?${parts.join('')}`),
  fc.array(pieces, { maxLength: 4 }).map((parts) => `/v2/app/tags/list?${parts.join('')}`),
)
const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'get', 'BREW')
const forwarded = fc.oneof(
  fc.constantFrom(
    ...Object.values(addresses),
    '',
    ',',
    ',,,',
    '::',
    '[::1]:1',
    '0x7f.1',
    '1.1.1.1.1',
  ),
  fc.constantFrom('999.1.1.1', 'fe80::1%eth0', '::ffff:34.240.0.1', '<script>', '1'.repeat(2000)),
  fc.array(fc.ipV4(), { maxLength: 9 }).map((list) => list.join(', ')),
  // As the bytes that are sent: a character's low byte may be the end of a line too.
  fc.string({ maxLength: 40, unit: 'binary' }).map((text) =>
    Buffer.from(text, 'latin1')
      .toString('latin1')
      .replaceAll(/[\r\n]/g, ' '),
  ),
)
const hosts = fc.constantFrom(
  'registry.example',
  'evil.example:80',
  '',
  'a b',
  '[::1',
  'x@y',
  '\u00e9',
)

/**
 * Requests that nobody well-behaved sends, as raw bytes. `runs` of them are made up. What stands
 * before nearport may answer those that are no HTTP in words of its own.
 */
export function hostileContract(place: Place, runs: number): void {
  let upstream: Served
  let service: Running

  beforeAll(async () => {
    upstream = await serveEmbedded(registry.fetch)
    service = await place.start({
      upstreams: [{ registry: upstream.url }],
      mirrors: [
        { id: 'aws/us-east-1', bucket: 'a', publicUrl: 'http://mirror-a.example' },
        { id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://mirror-b.example/deep' },
      ],
      presence: 'assume',
    })
  })
  afterAll(async () => {
    await service.stop()
    await upstream.close()
  })

  describe(`nearport on ${place.name}`, () => {
    test('no request makes it fail, sends anyone to a host outside, or puts a header of its own', async () => {
      await fc.assert(
        fc.asyncProperty(
          methods,
          targets,
          forwarded,
          hosts,
          async (method, target, address, host) => {
            const path = target.replaceAll(/[\r\n ]/g, '')
            const response = await sendRaw(
              service.port,
              `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${clientHeader}: ${address}\r\nConnection: close\r\n\r\n`,
            )
            expectHarmless(response, method)
          },
        ),
        { numRuns: runs },
      )
    }, 60_000)

    test.for<[string, string]>([
      ['words that are no HTTP', 'hello\r\n\r\n'],
      ['a request without a Host', 'GET /v2/ HTTP/1.1\r\nConnection: close\r\n\r\n'],
      ['a request from long ago', 'GET /v2/ HTTP/1.0\r\n\r\n'],
      [
        'an absolute target',
        'GET http://evil.example/v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      ],
      [
        'a header too long',
        `GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`,
      ],
      [
        'two lengths',
        'POST /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      ],
      [
        'a line feed in a header',
        'GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\nX: y\r\nConnection: close\r\n\r\n',
      ],
      [
        'a body where none belongs',
        'GET /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
      ],
    ])('%s does no harm', async ([, text]) => {
      expectHarmless(await sendRaw(service.port, text), text.split(' ')[0]!)
    })

    test('after all that it still answers as ever', async () => {
      const response = await fetch(`${service.url}/v2/app/blobs/${digest}`, {
        redirect: 'manual',
        headers: { [clientHeader]: addresses['aws/eu-west-1'] },
      })
      expect(response.headers.get('location')).toBe(
        `http://mirror-b.example/deep/containers/images/${digest}`,
      )
      expect(service.events().filter((event) => 'error' in event)).toEqual([])
    })
  })

  function expectHarmless(response: RawResponse | undefined, method: string): void {
    // Node closes the connection of what it cannot even answer.
    if (response === undefined) return
    const isOurs = response.headers.some(([name]) => name === 'x-nearport-reason')
    if (place.hasFront === true && !isOurs) return expect(response.status).toBeGreaterThan(399)
    expect(response.status).toBeLessThan(500)
    const names = response.headers.map(([name]) => name)
    expect(names.filter((name) => !known.has(name))).toEqual([])
    expect(names.length).toBe(new Set(names).size)
    if (response.status >= 400 && method !== 'HEAD') {
      expect(JSON.parse(response.body)).toMatchObject({ errors: [{ code: expect.any(String) }] })
    }
    const location = response.headers.find(([name]) => name === 'location')?.[1]
    if (location === undefined) return
    expect(location).toMatch(/^[\x21-\x7e]+$/)
    const { origin, pathname } = new URL(location)
    expect([upstream.url, 'http://mirror-a.example', 'http://mirror-b.example']).toContain(origin)
    expect(pathname).toMatch(/^\/v2\/|^(?:\/deep)?\/containers\/images\/sha256:[a-f0-9]{64}$/)
  }
}

const known = new Set(
  [
    'location content-length cache-control x-nearport-reason docker-content-digest content-type date',
    'connection keep-alive x-content-type-options allow docker-distribution-api-version link',
    'accept-ranges retry-after transfer-encoding x-nearport-client',
  ].flatMap((line) => line.split(' ')),
)
