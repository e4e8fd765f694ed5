import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { addressText } from '../../../src/ranges/address-text.ts'
import { bundledTablePath } from '../../../src/ranges/bundled.ts'
import { decodeTable } from '../../../src/ranges/decode.ts'
import { awsShares, otherShares, shareOfAws } from './founding-shares.ts'
import { createRandom } from './random.ts'

/** Where clients are, as `aws/us-east-1`, or `-` for nowhere known, and their share of the bytes. */
export type ClientShare = { readonly location: string; readonly share: number }

const awsSum = awsShares.reduce((sum, [, percent]) => sum + percent, 0)

export const clientShares: readonly ClientShare[] = [
  ...awsShares.map(([region, percent]) => {
    return { location: `aws/${region}`, share: (shareOfAws * percent) / awsSum }
  }),
  ...otherShares.map(([location, share]) => ({ location, share })),
]

const addressesEach = 500

/**
 * Draws addresses of clients by these shares, from the ranges that the clouds publish: of AWS, from
 * those of EC2. Each location has some hundreds of them.
 */
export function createClients(seed: number): () => string {
  const random = createRandom(seed)
  const { ipv4, locations } = decodeTable(readFileSync(bundledTablePath), crc32)
  const spansOf = new Map<string, { start: number; size: number }[]>()
  for (const [at, { start, answer }] of ipv4.entries()) {
    const location = locations[(answer - 1) >> 1]
    // The even answers are EC2's; above 224.0.0.0 there are no clients.
    if (answer > 0 && location!.cloud === 'aws' && answer % 2 === 1) continue
    const name = answer === 0 ? '-' : `${location!.cloud}/${location!.region}`
    const end = ipv4[at + 1]?.start ?? 1n << 32n
    if (answer === 0 && (start < 1n << 24n || end > 224n << 24n)) continue
    const spans = spansOf.get(name) ?? []
    spans.push({ start: Number(start), size: Number(end - start) })
    spansOf.set(name, spans)
  }

  const addresses = clientShares.map(({ location }) => {
    const spans = spansOf.get(location)!
    return Array.from({ length: addressesEach }, () => {
      const { start, size } = spans[Math.floor(random() * spans.length)]!
      return addressText(4, BigInt(start + Math.floor(random() * size)))
    })
  })
  const table = Uint8Array.from({ length: 4096 }, (_, at) => placeAt((at + 0.5) / 4096))
  return () => {
    const place = table[Math.floor(random() * table.length)]!
    return addresses[place]![Math.floor(random() * addressesEach)]!
  }
}

function placeAt(share: number): number {
  let left = share
  for (const [place, client] of clientShares.entries()) {
    if (left < client.share) return place
    left -= client.share
  }
  return clientShares.length - 1
}
