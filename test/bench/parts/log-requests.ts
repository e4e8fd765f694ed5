import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { bundledTablePath } from '../../../src/ranges/bundled.ts'
import { decodeTable } from '../../../src/ranges/decode.ts'
import { drawSamples } from '../address-samples.ts'
import type { LoggedRequest } from './log-lines.ts'
import { createRandom } from './random.ts'

const startMs = Date.UTC(2025, 9, 10)
const agents = [
  'containerd/1.7.27',
  'containerd/2.0.4',
  'docker/27.5.1 go/go1.22.11 git-commit/4c9b3b0 kernel/6.1.0-31-cloud-amd64 os/linux arch/amd64 ' +
    String.raw`UpstreamClient(Docker-Client/27.5.1 \(linux\))`,
  'cri-o/1.31.5 go/go1.22.9 os/linux arch/arm64',
]
const repositories = [
  'pause',
  'kube-proxy',
  'coredns/coredns',
  'ingress-nginx/controller',
  'sig-storage/csi-node-driver-registrar',
  'metrics-server/metrics-server',
]

/**
 * Requests of a registry in the order of their times, the same in every run: 600 a second of 500
 * machines at once, each of which pulls an image and is gone. 62 % are for blobs, a few of which are
 * pulled most; most machines are in a cloud, each in any address of it.
 */
export function createRequests(seed: number): () => LoggedRequest {
  const random = createRandom(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  // The few first are drawn most.
  const pickEarly = <T>(values: readonly T[]): T => {
    return values[Math.floor(values.length * random() ** 4)]!
  }
  const hex = (digits: number) => {
    return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
  }
  const lists = Object.values(drawSamples(decodeTable(readFileSync(bundledTablePath), crc32)))
  const [, hits, , misses, ipv6] = lists as [string[], string[], string[], string[], string[]]
  const blobs = Array.from({ length: 5000 }, () => ({
    reference: `sha256:${hex(64)}`,
    bytes: Math.floor(1000 * 10 ** (random() * 5)),
  }))
  const createClient = (): Client => ({
    address: pick(random() < 0.7 ? hits : random() < 0.8 ? misses : ipv6),
    repository: pick(repositories),
    agent: pick(agents),
    left: 2 + Math.floor(random() * 12),
  })
  const clients = Array.from({ length: 500 }, createClient)
  let timeMs = startMs

  return () => {
    timeMs += Math.floor(random() * 4)
    const at = Math.floor(random() * clients.length)
    const { address, repository, agent, left } = clients[at]!
    clients[at] = left > 1 ? { ...clients[at]!, left: left - 1 } : createClient()
    const from = { timeMs, address, repository, agent }
    const share = random()
    if (share < 0.62) {
      const { reference, bytes } = pickEarly(blobs)
      return { ...from, method: 'GET', kind: 'blob', reference, bytes, status: 200 }
    }
    const reference = random() < 0.5 ? 'v3.9.1' : pickEarly(blobs).reference
    const method = share < 0.8 ? 'HEAD' : 'GET'
    const status = random() < 0.02 ? 404 : 200
    const bytes = method === 'HEAD' ? 0 : 1834
    return { ...from, method, kind: 'manifest', reference, bytes, status }
  }
}

/** A machine that pulls an image: several requests, among those of others. */
type Client = {
  readonly address: string
  readonly repository: string
  readonly agent: string
  readonly left: number
}
