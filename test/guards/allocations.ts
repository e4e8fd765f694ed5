import { createHash } from 'node:crypto'
import { parseConfig } from '../../src/config.ts'
import { hashedPart, openIndex } from '../../src/core/blob-index.ts'
import type { Digest } from '../../src/core/digest.ts'
import { eventLine } from '../../src/core/event-line.ts'
import { readIndexFor } from '../../src/proxy/index-presence.ts'
import type { RequestHead } from '../../src/proxy/request-head.ts'
import { loadBundledTable } from '../../src/ranges/bundled.ts'
import { createPolicies, createPolicy } from '../../src/runtime/policy.ts'
import { createServedApp } from '../../src/runtime/served-app.ts'
import { publishIndex } from '../workerd/parts/published-index.ts'

/**
 * Prints how many bytes an answer from memory leaves to the garbage collector, from the request's head
 * to the line of its event, as JSON by what was asked. To be run with the flags in
 * `allocations.test.ts`, under which nothing is compiled or collected meanwhile: so it comes to the
 * same each time.
 */
const config = parseConfig(
  {
    upstreams: [{ registry: 'http://upstream.example', cloud: 'gcp' }],
    mirrors: [{ id: 'aws/eu-west-1', bucket: 'b', publicUrl: 'http://mirror.example' }],
    clientAddress: { header: 'x-forwarded-for', fromRight: 1 },
  },
  'the guard',
)
const hexOf = (n: number) => createHash('sha256').update(`${n}`).digest('hex')
const digests = Array.from({ length: 1000 }, (_, n) => `sha256:${hexOf(n)}` as Digest)
const bytes = [...publishIndex(digests, 'http://mirror.example').values()][1] as Uint8Array
const index = openIndex(bytes, createHash('sha256').update(hashedPart(bytes)).digest())
const { presence } = readIndexFor(index, config.mirrors)
let lineBytes = 0
const { atOnce } = createServedApp({
  config,
  policies: createPolicies(createPolicy(config)),
  optOut: undefined,
  table: loadBundledTable(),
  presence: { current: () => presence, ask: () => Promise.reject(new Error('nobody is asked')) },
  relay: () => Promise.reject(new Error('nothing is relayed')),
  record: (event) => (lineBytes += eventLine(event).length),
  now: () => 1_800_000_000_000,
  peerOf: () => undefined,
})

const times = 2000
const address = '34.240.0.1'
const env = {}

function measure(status: number, targetOf: (n: number) => string, method = 'GET'): number {
  // Texts that are there before, as a parser has them by the time that a request is read.
  const heads = Array.from({ length: times }, (_, n): RequestHead => ({
    method,
    target: targetOf(n),
    host: 'registry.example',
    header: (name) => (name === 'x-forwarded-for' ? address : null),
  }))
  const answerAll = () => {
    for (const head of heads) {
      const answer = atOnce(head, env)
      if (answer?.status !== status) throw new Error(`wanted ${status}, got ${answer?.status}`)
    }
  }
  answerAll()
  const before = process.memoryUsage().heapUsed
  answerAll()
  return Math.round((process.memoryUsage().heapUsed - before) / times)
}

const missing = (n: number) => `sha256:${hexOf(n + 1_000_000)}`
console.log(
  JSON.stringify({
    hit: measure(307, (n) => `/v2/app/web/blobs/${digests[n % digests.length]!}`),
    size: measure(200, (n) => `/v2/app/web/blobs/${digests[n % digests.length]!}`, 'HEAD'),
    miss: measure(307, (n) => `/v2/app/web/blobs/${missing(n)}`),
    manifest: measure(307, (n) => `/v2/app/web/manifests/1.${n}`),
    version: measure(200, () => '/v2/'),
    refusal: measure(400, (n) => `/v2/App/blobs/${missing(n)}`),
  }),
)
