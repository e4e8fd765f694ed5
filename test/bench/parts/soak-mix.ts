import type { Client, LoadRequest } from './load-requests.ts'
import {
  blobRequest,
  manifestRequest,
  refusedRequest,
  sizeRequest,
  versionRequest,
} from './load-requests.ts'
import { blobOf, nowhere, places, unknownBlob } from './load-world.ts'
import { createRandom } from './random.ts'

/** How the requests of the soak are made up, in parts of a hundred. */
const mix: readonly (readonly [parts: number, make: (draw: Draw) => LoadRequest])[] = [
  [
    60,
    ({ client, repository, held, bucketUrl }) =>
      blobRequest('blob, held', client, repository, held, bucketUrl),
  ],
  [
    8,
    ({ client, repository, n, bucketUrl }) =>
      blobRequest('blob, in no mirror', client, repository, unknownBlob(n), bucketUrl),
  ],
  [8, ({ client, repository, held }) => sizeRequest(client, repository, held)],
  [
    6,
    ({ client, repository, held, bucketUrl, n }) => {
      const range = `Range: bytes=${n % 9973}-\r\n`
      return blobRequest('part of a blob', client, repository, held, bucketUrl, range)
    },
  ],
  [
    10,
    ({ client, repository, held, n }) => {
      const reference = n % 2 === 0 ? `1.${n % 100}` : held.digest
      const ns = n % 3 === 0 ? '?ns=docker.io' : ''
      return manifestRequest(n % 5 === 0 ? 'HEAD' : 'GET', client, repository, reference, ns)
    },
  ],
  [3, ({ client }) => versionRequest(client)],
  [5, ({ client, held, n }) => refused[n % refused.length]!(client, held.digest)],
]

type Refused = (client: Client, digest: string) => LoadRequest

const refused: readonly Refused[] = [
  (client) => refusedRequest(400, 'GET', '/v2/app/blobs/sha256:0g', client),
  // Which is /v2/app/blobs/etc/passwd, and so nothing that a registry has.
  (client) => refusedRequest(404, 'GET', '/v2/app/blobs/sha256:../etc/passwd', client),
  (client, digest) => refusedRequest(400, 'GET', `/v2/App/blobs/${digest}`, client),
  (client, digest) => refusedRequest(400, 'GET', `/v2/app%2Fx/blobs/${digest}`, client),
  (client) => refusedRequest(404, 'GET', '/v2/app/manifests/-no', client),
  (client) => refusedRequest(404, 'GET', '/v2/_catalog', client),
  (client) => refusedRequest(404, 'GET', '/.env', client),
  (client) => refusedRequest(405, 'POST', '/v2/app/blobs/uploads/', client, ''),
  (client) => refusedRequest(405, 'PUT', '/v2/app/manifests/1.0', client, '{"schemaVersion":2}'),
  (client) => refusedRequest(405, 'DELETE', '/v2/app/manifests/1.0', client),
]

/** What one request is drawn from. */
type Draw = {
  readonly n: number
  readonly client: Client
  readonly repository: string
  readonly held: ReturnType<typeof blobOf>
  readonly bucketUrl: string
}

/**
 * Makes so many requests in the soak's mix, shuffled, for an index of so many blobs. The same for the
 * same seed.
 */
export function createMix(
  count: number,
  blobs: number,
  bucketUrl: string,
  seed: number,
): readonly LoadRequest[] {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  return Array.from({ length: count }, () => {
    const n = below(1_000_000)
    const held = blobOf(below(blobs))
    const client = drawClient(random(), below)
    const repository = n % 4 === 0 ? 'app' : `team-${n % 7}/service-${n % 50}`
    return drawKind(random())({ n, client, repository, held, bucketUrl })
  })
}

function drawKind(share: number): (draw: Draw) => LoadRequest {
  let parts = share * 100
  return mix.find(([each]) => (parts -= each) < 0)![1]
}

/** Six of seven clients are in a cloud. */
function drawClient(share: number, below: (limit: number) => number): Client {
  if (share < 1 / 7) return { address: nowhere[below(nowhere.length)]!, place: undefined }
  const place = places[below(places.length)]!
  return { address: place.address, place }
}
