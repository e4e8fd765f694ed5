import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { parseConfig } from '../../../src/config.ts'
import type { AddressTable } from '../../../src/core/address-table.ts'
import { hashedPart, openIndex } from '../../../src/core/blob-index.ts'
import { sealIndex, writeIndex } from '../../../src/core/blob-index-writer.ts'
import type { Digest } from '../../../src/core/digest.ts'
import { digestOfHex } from '../../../src/core/digest.ts'
import type { Policy, Presence } from '../../../src/core/policy.ts'
import { readIndexFor } from '../../../src/proxy/index-presence.ts'
import { bundledTablePath, openTable } from '../../../src/ranges/bundled.ts'
import { decodeTable } from '../../../src/ranges/decode.ts'
import { createPolicy } from '../../../src/runtime/policy.ts'
import { drawSamples, fresh } from '../address-samples.ts'

/** All that a request is decided by, and requests for it. The length of each list is a power of two. */
export type DecisionWorld = {
  readonly policy: Policy
  readonly presence: Presence
  readonly table: AddressTable
  /** Of AWS, in regions that are sent to a mirror: five of seven are IPv4. */
  readonly addresses: readonly string[]
  /**
   * What is asked for: blobs that a mirror holds, the thousand that all want and any of them; blobs that
   * none holds; tags; and what is no name.
   */
  readonly targets: Readonly<Record<'hit' | 'any' | 'miss' | 'tag' | 'wrong', readonly string[]>>
}

/** Few enough that it is not their memory that is measured. */
const listLength = 1024
const longListLength = 8192

const heldBlobs = 100_000

// The busiest of AWS's regions, one mirror in each.
const regions = [
  ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'eu-west-1', 'eu-west-2'],
  ['eu-central-1', 'ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1', 'sa-east-1'],
].flat()

const repositories = ['pause', 'kube-apiserver', 'coredns/coredns', 'ingress-nginx/controller']

/** A registry in front of twelve mirrors that hold 100,000 blobs, and those who ask it. */
export function createDecisionWorld(): DecisionWorld {
  const config = parseConfig(
    {
      upstreams: [
        { registry: 'https://registry.example.org', namespace: 'prod/images', cloud: 'gcp' },
      ],
      mirrors: regions.map((region) => ({ id: `aws/${region}`, bucket: `images-${region}` })),
    },
    'the bench',
  )
  const held = Array.from({ length: heldBlobs }, (_, at) => digestOf(`held ${at}`))
  const target = (at: number, rest: string) => `/v2/${repositories[at % 4]!}/${rest}`
  const list = (make: (at: number) => string, length = listLength) =>
    fresh(Array.from({ length }, (_, at) => make(at)))
  // In no order, as they are asked for.
  const hit = (at: number) => target(at, `blobs/${held[(at * 7919) % heldBlobs]!}`)
  const table = openTable(readFileSync(bundledTablePath))
  const policy = createPolicy(config)
  return {
    policy,
    presence: presenceOf(held, config.mirrors),
    table,
    addresses: addressesOf(table, policy),
    targets: {
      hit: list(hit),
      any: list(hit, longListLength),
      miss: list((at) => target(at, `blobs/${digestOf(`missing ${at}`)}`)),
      tag: list((at) => target(at, `manifests/v1.${at % 40}.${at % 7}`)),
      wrong: list((at) => `/v2/Upper/Case-${at}/manifests/latest`),
    },
  }
}

function presenceOf(
  held: readonly Digest[],
  mirrors: ReturnType<typeof parseConfig>['mirrors'],
): Presence {
  const all = mirrors.map((_, at) => at)
  const bytes = writeIndex({
    generation: 1,
    mirrors: mirrors.map(({ id, publicUrl, keys }) => ({ id, url: `${publicUrl}/${keys.text}` })),
    rows: held.map((digest, at) => ({ digest, sizeBytes: 1000 + at, mirrors: all })),
  })
  const sha256 = createHash('sha256').update(hashedPart(bytes)).digest()
  return readIndexFor(openIndex(sealIndex(bytes, sha256), sha256), mirrors).presence
}

function addressesOf(table: AddressTable, policy: Policy): readonly string[] {
  const samples = drawSamples(decodeTable(readFileSync(bundledTablePath), crc32))
  const isServed = (text: string) => {
    const location = table.locate(text)
    return location?.cloud === 'aws' && policy.route(location).candidates.length > 0
  }
  const ipv4 = samples['IPv4 hits']!.filter(isServed)
  const ipv6 = samples['IPv6 hits']!.filter(isServed)
  return fresh(
    Array.from({ length: listLength }, (_, at) =>
      (at * 5) % 7 < 5 ? ipv4[at % ipv4.length]! : ipv6[at % ipv6.length]!,
    ),
  )
}

function digestOf(text: string): Digest {
  return digestOfHex(createHash('sha256').update(text).digest('hex'))
}
