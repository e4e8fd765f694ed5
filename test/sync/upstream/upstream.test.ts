import { createHash } from 'node:crypto'
import { getEventListeners } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Agent } from 'undici'
import type { Digest } from '../../../src/core/digest.ts'
import { cutShort } from '../../../src/embedded/fault.ts'
import { imageOf, push } from '../../../src/embedded/images.ts'
import type { Handler } from '../../../src/embedded/observe.ts'
import { observe } from '../../../src/embedded/observe.ts'
import type { RegistryOptions } from '../../../src/embedded/registry.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { createUpstreamClient, largestManifestBytes } from '../../../src/sync/upstream/upstream.ts'
import { readPages } from '../../../src/sync/upstream/upstream-pages.ts'
import { UpstreamError } from '../../../src/sync/upstream/upstream-error.ts'
import { asked, patience, serve } from '../world.ts'

const image = imageOf({ architecture: 'amd64', files: [{ path: 'app', content: 'app' }] })
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

async function createClient(
  registry: ReturnType<typeof observe>,
  more: { namespace?: string; authorization?: string; dropPrefix?: string } = {},
) {
  const { namespace = '', authorization, dropPrefix = '' } = more
  const settings = {
    dispatcher: new Agent(),
    patience,
    stop: new AbortController().signal,
    now: Date.now,
  }
  const url = await serve(registry)
  const dropped = { repositories: dropPrefix, dropPrefix: dropPrefix !== '' }
  const upstream = { registry: url, namespace, ...dropped }
  return { url, client: createUpstreamClient(upstream, { ...settings, authorization }) }
}

function filled(options: RegistryOptions = {}, repository = 'app') {
  const registry = createRegistry(options)
  for (const tag of ['1.0', '1.1', '1.2', 'latest']) push(registry, repository, image, tag)
  return registry
}

/** Answers with whatever a test wants, on a real port. */
const answering = (answer: (request: Request) => Response) =>
  observe((async (request) => answer(request)) satisfies Handler)

async function failureOf(promise: Promise<unknown>): Promise<UpstreamError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UpstreamError)
  return error as UpstreamError
}

test('tags and the catalog are read page by page', async () => {
  const registry = filled({ pageLimit: 1 })
  push(registry, 'team/other', image, '1')
  const { client } = await createClient(registry)
  expect((await client.listTags('app')).tags).toEqual(['1.0', '1.1', '1.2', 'latest'])
  expect(await client.listCatalog()).toEqual(['app', 'team/other'])
  expect(asked(registry, 'GET', '/tags/list').length).toBe(4)
})

test('the catalog gives names as clients see them, and nobody else’s', async () => {
  const registry = filled({}, 'prod/images/app')
  push(registry, 'prod/imagesandmore', image, '1')
  push(registry, 'other', image, '1')
  const { client } = await createClient(registry, { namespace: 'prod/images' })
  expect(await client.listCatalog()).toEqual(['app'])
  expect((await client.listTags('app')).tags).toContain('1.0')
})

test('a prefix that is dropped stands before every name here, and before none there', async () => {
  const { client } = await createClient(filled(), { dropPrefix: 'hub' })
  expect(await client.listCatalog()).toEqual(['hub/app'])
  expect((await client.listTags('hub/app')).tags).toContain('1.0')
})

test.for<[string, (own: string) => string, readonly string[] | string]>([
  ['relative', () => '</v2/app/tags/list?last=a>; rel="next"', ['a', 'b']],
  ['absolute', (own) => `<${own}/v2/app/tags/list?last=a>; rel=next`, ['a', 'b']],
  [
    'absolute with a scheme it does not know better',
    (own) => `<${own.replace('http:', 'https:')}/v2/app/tags/list?last=a>; rel="next"`,
    ['a', 'b'],
  ],
  ['of another relation', () => '</v2/app/tags/list?last=a>; rel="prev"', ['a']],
  [
    'to another host',
    () => '<http://169.254.169.254/v2/app/tags/list>; rel="next"',
    'at the same place',
  ],
  ['to another path', () => '</v2/secret/tags/list?last=a>; rel="next"', 'at the same place'],
  ['to itself', () => '</v2/app/tags/list?n=1000>; rel="next"', 'got a page that adds nothing'],
])('a Link %s', async ([, link, wanted]) => {
  const registry = answering((request) => {
    const isSecond = request.url.endsWith('last=a')
    const headers = isSecond ? {} : { link: link(url) }
    return Response.json({ tags: [isSecond ? 'b' : 'a'] }, { headers })
  })
  const { url, client } = await createClient(registry)
  if (typeof wanted === 'string') {
    const error = await failureOf(client.listTags('app'))
    expect(error.message).toContain(wanted)
    expect(error.retryable).toBe(false)
  } else {
    expect((await client.listTags('app')).tags).toEqual(wanted)
  }
})

test('an empty list written as null is empty, and what is no tag is no tag', async () => {
  const lists = [{ tags: null }, { tags: ['ok', '../../etc', '', 7] }]
  const { client } = await createClient(answering(() => Response.json(lists.shift())))
  expect((await client.listTags('app')).tags).toEqual([])
  expect((await client.listTags('app')).tags).toEqual(['ok'])
})

test('what is no list is refused', async () => {
  const bodies = ['<html>', '{"tags":"1.0"}']
  const { client } = await createClient(answering(() => new Response(bodies.shift())))
  expect((await failureOf(client.listTags('app'))).message).toMatch(
    /wanted a JSON object .*got "<html>"/,
  )
  expect((await failureOf(client.listTags('app'))).message).toMatch(/wanted a list of tags/)
})

test('a manifest comes with its type and the digest of its bytes', async () => {
  const registry = filled()
  const { client } = await createClient(registry)
  const { digest } = image.descriptor
  expect(await client.getManifest('app', '1.0')).toMatchObject({ digest, mediaType: manifestType })
  expect((await client.getManifest('app', digest)).bytes.equals(image.bytes)).toBe(true)
  expect(registry.requests[0]!.headers['accept']).toContain(
    'vnd.docker.distribution.manifest.v1+prettyjws',
  )
})

test('a manifest that is not the one asked for is refused', async () => {
  const registry = filled()
  registry.intercept = () =>
    new Response('{}', { headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } })
  const { client } = await createClient(registry)
  const got = `sha256:${createHash('sha256').update('{}').digest('hex')}`
  for (const reference of [image.descriptor.digest, '1.0']) {
    const error = await failureOf(client.getManifest('app', reference))
    expect(error).toMatchObject({ code: 'digest', retryable: false })
    expect(error.message).toContain(`got ${got}`)
  }
})

test('a signed manifest of schema 1 is known by its payload', async () => {
  const payload = '{\n   "schemaVersion": 1,\n   "fsLayers": []\n}'
  const formatLength = payload.length - 2
  const header = { formatLength, formatTail: Buffer.from('\n}').toString('base64url') }
  const signature = { protected: Buffer.from(JSON.stringify(header)).toString('base64url') }
  const signed = `${payload.slice(0, formatLength)},\n   "signatures": ${JSON.stringify([signature])}\n}`
  const digest = `sha256:${createHash('sha256').update(payload).digest('hex')}`
  const headers = {
    'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    'docker-content-digest': digest,
  }
  const { client } = await createClient(answering(() => new Response(signed, { headers })))
  expect((await client.getManifest('app', '1.0')).digest).toBe(digest)
  expect((await client.getManifest('app', digest)).digest).toBe(digest)
})

test('a manifest of more than 4 MiB is refused, one of 4 MiB is not', async () => {
  const sizes = [largestManifestBytes, largestManifestBytes + 1]
  const { client } = await createClient(
    answering(() => new Response(Buffer.alloc(sizes.shift()!, 32))),
  )
  expect((await client.getManifest('app', '1.0')).bytes.length).toBe(largestManifestBytes)
  expect(await failureOf(client.getManifest('app', '1.0'))).toMatchObject({ code: 'too-large' })
})

test('what may pass is tried again, with the pause that Retry-After asks for', async () => {
  const registry = filled()
  const statuses = [429, 503]
  registry.intercept = () => {
    const status = statuses.shift()
    return status === undefined
      ? undefined
      : new Response('', { status, headers: { 'retry-after': '0' } })
  }
  const { client } = await createClient(registry)
  expect((await client.listTags('app')).tags).toContain('1.0')
  expect(registry.requests.length).toBe(3)
})

test('what does not pass is given up, and says how often and how long', async () => {
  const registry = answering(() => new Response('', { status: 503 }))
  const { url, client } = await createClient(registry)
  const error = await failureOf(client.getManifest('app', '3.9'))
  expect(error.message).toBe(
    `upstream answered 503 to GET ${url}/v2/app/manifests/3.9 (3 tries in 1 s)`,
  )
  expect(error).toMatchObject({ code: 'status', status: 503, retryable: true })
  expect(registry.requests.length).toBe(3)
})

test('a 404 is an answer, and asked for once', async () => {
  const registry = filled()
  const { client, url } = await createClient(registry)
  const error = await failureOf(client.getManifest('app', '9.9'))
  expect(error.message).toBe(`upstream answered 404 to GET ${url}/v2/app/manifests/9.9`)
  expect(error).toMatchObject({ status: 404, retryable: false })
  expect(registry.requests.length).toBe(1)
})

test('a host that is not there says so', async () => {
  const settings = {
    dispatcher: new Agent(),
    patience,
    stop: new AbortController().signal,
    now: Date.now,
  }
  const upstream = { registry: 'http://127.0.0.1:1', repositories: '', namespace: '' }
  const error = await failureOf(createUpstreamClient(upstream, settings).listTags('app'))
  expect(error.message).toMatch(/could not be asked GET .*ECONNREFUSED.* \(3 tries/)
  expect(error).toMatchObject({ code: 'network', retryable: true })
})

test('an upstream that does not answer is not waited for', async () => {
  const registry = observe(() => new Promise<Response>(() => {}))
  const url = await serve(registry)
  const short = { ...patience, deadlineMs: 100 }
  const settings = {
    dispatcher: new Agent(),
    patience: short,
    stop: new AbortController().signal,
    now: Date.now,
  }
  const client = createUpstreamClient({ registry: url, repositories: '', namespace: '' }, settings)
  expect(await failureOf(client.listTags('app'))).toMatchObject({
    code: 'timeout',
    retryable: true,
  })
})

test('a stop ends what is under way', async () => {
  const stop = new AbortController()
  const registry = observe(() => {
    stop.abort()
    return new Promise<Response>(() => {})
  })
  const url = await serve(registry)
  const settings = { dispatcher: new Agent(), patience, stop: stop.signal, now: Date.now }
  const client = createUpstreamClient({ registry: url, repositories: '', namespace: '' }, settings)
  expect(await failureOf(client.listTags('app'))).toMatchObject({
    code: 'stopped',
    retryable: false,
  })
})

test('Authorization stays with the host it is for', async () => {
  const blob = image.blobs[0]!
  const elsewhere = answering(() => new Response(Buffer.from(blob.bytes)))
  const elsewhereUrl = await serve(elsewhere)
  const registry = answering(() => Response.redirect(`${elsewhereUrl}/signed?secret=1`, 307))
  const { client } = await createClient(registry, { authorization: 'Bearer token' })
  const { digest, size } = blob.descriptor
  const { body } = await client.openBlob('app', digest as Digest, size)
  expect(Buffer.concat(await body.toArray()).equals(blob.bytes)).toBe(true)
  expect(registry.requests[0]!.headers['authorization']).toBe('Bearer token')
  expect(elsewhere.requests[0]!.headers).not.toHaveProperty('authorization')
})

test('a redirect is made anew for each try, since the address it gave may be spent', async () => {
  const elsewhere = answering(() => new Response('', { status: 503 }))
  const elsewhereUrl = await serve(elsewhere)
  const registry = answering(() => Response.redirect(`${elsewhereUrl}/signed?secret=1`, 307))
  const { client } = await createClient(registry)
  const error = await failureOf(
    client.openBlob('app', image.blobs[0]!.descriptor.digest as Digest, 1),
  )
  expect(error.message).not.toContain('secret')
  expect([registry.requests.length, elsewhere.requests.length]).toEqual([3, 3])
})

test('a body that breaks off is resumed from the upstream', async () => {
  const registry = filled()
  const blob = image.blobs[1]!
  let cuts = 0
  registry.intercept = async (_, next) => (cuts++ === 0 ? cutShort(await next(), 40) : undefined)
  const { client } = await createClient(registry)
  const { digest, size } = blob.descriptor
  const { body, lengthBytes } = await client.openBlob('app', digest as Digest, size)
  expect(lengthBytes).toBe(size)
  expect(Buffer.concat(await body.toArray()).equals(blob.bytes)).toBe(true)
  expect(registry.requests.map(({ headers }) => headers['range'])).toEqual([
    undefined,
    `bytes=40-${size - 1}`,
  ])
})

test('a blob’s size is asked for with HEAD', async () => {
  const registry = filled()
  const { client } = await createClient(registry)
  const { digest, size } = image.blobs[1]!.descriptor
  expect(await client.headBlob('app', digest as Digest)).toBe(size)
  expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD'])
})

test('referrers are read page by page', async () => {
  const registry = filled({ pageLimit: 1 })
  const referrers = ['a', 'b'].map((each) =>
    imageOf({ architecture: 'amd64', files: [{ path: each, content: each }], subject: image }),
  )
  for (const each of referrers) push(registry, 'app', each)
  const { client } = await createClient(registry)
  const found = await client.getReferrers('app', image.descriptor.digest)
  expect(found!.map(({ digest }) => digest).toSorted()).toEqual(
    referrers.map(({ descriptor }) => descriptor.digest).toSorted(),
  )
})

test.for<[string, () => Response]>([
  ['404', () => new Response('', { status: 404 })],
  ['405', () => new Response('', { status: 405 })],
  [
    'a page for people',
    () => Response.json({}, { headers: { 'content-type': 'application/json' } }),
  ],
])('an upstream that answers referrers with %s is not asked for them again', async ([, answer]) => {
  const registry = answering(answer)
  const { client } = await createClient(registry)
  expect(await client.getReferrers('app', image.descriptor.digest)).toBeUndefined()
  expect(await client.getReferrers('app', image.descriptor.digest)).toBeUndefined()
  expect(registry.requests.length).toBe(1)
})

test('referrers that fail for a while are a failure, and not taken for none', async () => {
  const { client } = await createClient(answering(() => new Response('', { status: 503 })))
  expect(await failureOf(client.getReferrers('app', image.descriptor.digest))).toMatchObject({
    status: 503,
  })
})

test.for(['3600', new Date(Date.now() + 3_600_000).toUTCString()])(
  'who wants to be left alone until %s is not asked again, and that is said',
  async (retryAfter) => {
    const registry = answering(
      () => new Response('', { status: 429, headers: { 'retry-after': retryAfter } }),
    )
    const { client } = await createClient(registry)
    const { message } = await failureOf(client.listTags('app'))
    expect(message).toMatch(/answered 429 .* \(1 try in 1 s\) and wants 3\d{3} s without requests$/)
    expect(registry.requests.length).toBe(1)
  },
)

test('pages that have no end are left, whatever they call the next', async () => {
  let pages = 0
  const registry = answering(() => {
    const headers = { link: `</v2/app/tags/list?last=${pages++}>; rel="next"` }
    return Response.json({ tags: ['1'] }, { headers })
  })
  const { client } = await createClient(registry)
  const { message } = await failureOf(client.listTags('app'))
  expect(message).toMatch(/^wanted pages with an end from GET .*, got a page that adds nothing$/)
  expect(pages).toBe(2)
})

test('of pages that always bring something new, so many are read', async () => {
  let pages = 0
  const registry = answering(() => {
    const headers = { link: `</list?last=${pages++}>; rel="next"` }
    return Response.json({}, { headers })
  })
  const url = `${await serve(registry)}/list`
  const stop = new AbortController().signal
  const settings = { dispatcher: new Agent(), patience, stop, now: Date.now }
  const reading = readPages({ method: 'GET', url }, settings, () => 1, 3)
  expect((await failureOf(reading)).message).toMatch(/got more than 3$/)
  expect(pages).toBe(3)
})

test('a request that is done, answered or not, read or not, waits for no deadline', async () => {
  const stop = new AbortController()
  const registry = filled()
  const upstream = { registry: await serve(registry), repositories: '', namespace: '' }
  const settings = { dispatcher: new Agent(), patience, stop: stop.signal, now: Date.now }
  const client = createUpstreamClient(upstream, settings)
  const { digest, size } = image.blobs[1]!.descriptor

  await client.listTags('app')
  await client.headBlob('app', digest as Digest)
  await failureOf(client.getManifest('app', '9.9'))
  const { body } = await client.openBlob('app', digest as Digest, size)
  expect(getEventListeners(stop.signal, 'abort').length).toBeGreaterThan(0)
  body.destroy()
  await expect.poll(() => getEventListeners(stop.signal, 'abort').length).toBe(0)
})

test('where the list of tags says the digests, they are known from it, over all pages', async () => {
  const registry = filled({ artifactRegistry: true, pageLimit: 2 })
  const { client } = await createClient(registry)
  const { tags, digests } = await client.listTags('app')
  expect([...digests!]).toEqual(tags.map((tag) => [tag, image.descriptor.digest]))
  expect((await (await createClient(filled())).client.listTags('app')).digests).toBeUndefined()
})

test.for<[string, unknown, readonly [string, string][] | undefined]>([
  ['with no manifest at all', {}, []],
  ['that are no digests', { 'sha256:abc': { tag: ['1'] } }, []],
  [
    'whose tags are none',
    { [`sha256:${'a'.repeat(64)}`]: { tag: [7, '1'] } },
    [['1', `sha256:${'a'.repeat(64)}`]],
  ],
  ['with no tags', { [`sha256:${'a'.repeat(64)}`]: {}, [`sha256:${'b'.repeat(64)}`]: null }, []],
  ['that is null', null, undefined],
])('a list of manifests %s', async ([, manifest, wanted]) => {
  const { client } = await createClient(answering(() => Response.json({ tags: ['1'], manifest })))
  const { tags, digests } = await client.listTags('app')
  expect(tags).toEqual(['1'])
  expect(digests && [...digests]).toEqual(wanted)
})

test('a manifest’s digest is had with HEAD, where the upstream says it', async () => {
  const registry = filled()
  const { client } = await createClient(registry)
  expect(await client.headManifest('app', '1.0')).toBe(image.descriptor.digest)
  expect(registry.requests[0]).toMatchObject({ method: 'HEAD' })
  expect(registry.requests[0]!.headers['accept']).toContain(manifestType)
  expect(await failureOf(client.headManifest('app', '9.9'))).toMatchObject({ status: 404 })
  for (const headers of [{}, { 'docker-content-digest': 'sha256:abc' }]) {
    registry.intercept = () => new Response('', { headers })
    expect(await client.headManifest('app', '1.0')).toBeUndefined()
  }
})

test('requests one after the other share a connection, HEADs too', async () => {
  const ports = new Set<number | undefined>()
  const server = createServer((request, response) => {
    ports.add(request.socket.remotePort)
    response.writeHead(200, { 'content-length': '7' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    server.close()
  })
  const settings = { dispatcher, patience, stop: new AbortController().signal, now: Date.now }
  const upstream = { registry: `http://127.0.0.1:${port}`, repositories: '', namespace: '' }
  const client = createUpstreamClient(upstream, settings)
  const { digest } = image.descriptor
  for (let each = 0; each < 20; each++) await client.headBlob('app', digest as Digest)
  // An answer is here a moment before its connection is free: the next may open a second.
  expect(ports.size).toBeLessThan(3)
})

test('every try that left the machine is counted', async () => {
  const registry = filled()
  const statuses = [503, 503]
  registry.intercept = () => {
    const status = statuses.shift()
    return status === undefined ? undefined : new Response('', { status })
  }
  const { client } = await createClient(registry)
  expect(client.requests()).toBe(0)
  await client.listTags('app')
  expect(client.requests()).toBe(3)
})

test('a stop ends the pause between two tries, also where no try came to a connection', async () => {
  const stop = new AbortController()
  const slow = { ...patience, firstPauseMs: 60_000, longestPauseMs: 60_000, deadlineMs: 600_000 }
  const settings = { dispatcher: new Agent(), patience: slow, stop: stop.signal, now: Date.now }
  const upstream = { registry: 'http://127.0.0.1:1', repositories: '', namespace: '' }
  const failing = failureOf(createUpstreamClient(upstream, settings).listTags('app'))
  setTimeout(() => stop.abort(), 50)
  expect(await failing).toMatchObject({ code: 'stopped' })
})

test('many who ask for referrers at once wait for the one that finds out that there are none', async () => {
  const registry = answering(() => new Response('', { status: 404 }))
  const { client } = await createClient(registry)
  const asking = Array.from({ length: 9 }, () =>
    client.getReferrers('app', image.descriptor.digest),
  )
  expect(new Set(await Promise.all(asking))).toEqual(new Set([undefined]))
  expect(registry.requests.length).toBe(1)
})

test('100 MB that call themselves a manifest are not read', async () => {
  let sentBytes = 0
  const chunk = Buffer.alloc(1024 * 1024, 32)
  const body = () =>
    new ReadableStream({
      pull(controller) {
        sentBytes += chunk.length
        if (sentBytes > 100 * chunk.length) controller.close()
        else controller.enqueue(chunk)
      },
    })
  const { client } = await createClient(answering(() => new Response(body())))
  expect(await failureOf(client.getManifest('app', '1.0'))).toMatchObject({ code: 'too-large' })
  expect(sentBytes).toBeLessThan(50 * chunk.length)
})
