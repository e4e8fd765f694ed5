import priceList from '../../../data/prices.json' with { type: 'json' }
import { createPrices } from '../../../src/core/prices.ts'
import { createBlobs } from './founding-blobs.ts'
import { clientShares, createClients } from './founding-clients.ts'
import { dollarsToAws, imageBytes, requestsADay, weekendShare } from './founding-shares.ts'
import { createRandom } from './random.ts'

/** A month's access log of the registry, thinned out. */
export type FoundingLog = {
  /** Pieces of it, of whole lines. */
  readonly pieces: () => Generator<Buffer>
  readonly lines: number
  /** The share of the month's requests that is in it. */
  readonly sample: number
  /** What the whole month's pulls of blobs read, and what share of the requests they are. */
  readonly monthBytes: number
  readonly blobShare: number
}

const days = 30
const dayMs = 86_400_000
const startMs = Date.UTC(2026, 9, 1)
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const blobCount = 150_000
const pieceBytes = 65_536
const mostLineBytes = 400

/**
 * Describes a log of so many lines: nginx's combined format, in the order of time. As many of its requests
 * are for blobs as it takes for what crosses to AWS to cost what it did; the others are for
 * manifests, and for the version.
 */
export function createFoundingLog(lines: number, seed = 2022): FoundingLog {
  const blobs = createBlobs(blobCount, imageBytes, seed)
  const monthBytes = bytesForCost()
  const monthRequests = requestsADay * days
  const blobShare = monthBytes / blobs.meanBytes / monthRequests
  if (blobShare > 1) throw new Error(`wanted a share of the requests, got ${blobShare}`)

  function* pieces(): Generator<Buffer> {
    const random = createRandom(seed + 1)
    const client = createClients(seed + 2)
    const dates = dayTexts()
    let piece = Buffer.allocUnsafe(pieceBytes + mostLineBytes)
    let length = 0
    for (let line = 0; line < lines; line++) {
      const time = timeAt(dates, (line + random()) / lines)
      const request = random() < blobShare ? blobText() : otherText(random)
      length += piece.write(`${client()} - - [${time}] ${request} "-" "containerd/1.7"\n`, length)
      if (length < pieceBytes) continue
      yield piece.subarray(0, length)
      // Whoever has the piece reads it later.
      piece = Buffer.allocUnsafe(pieceBytes + mostLineBytes)
      length = 0
    }
    yield piece.subarray(0, length)
  }

  function blobText(): string {
    const blob = blobs.draw()
    return `"GET /v2/team-${blob % 50}/image-${blob % 700}/blobs/sha256:${blobs.hex[blob]} HTTP/1.1" 200 ${blobs.sizes[blob]}`
  }

  return { pieces, lines, sample: lines / monthRequests, monthBytes, blobShare }
}

function otherText(random: () => number): string {
  const kind = random()
  const image = Math.floor(random() * 700)
  if (kind < 0.1) return '"GET /v2/ HTTP/1.1" 200 2'
  const path = `/v2/team-${image % 50}/image-${image}/manifests/v1.${image % 30}`
  return kind < 0.6 ? `"HEAD ${path} HTTP/2.0" 200 0` : `"GET ${path} HTTP/1.1" 200 ${1000 + image}`
}

/** The bytes of all pulls for which AWS's part of the upstream's bill is what it was, by list prices. */
function bytesForCost(): number {
  let [low, high] = [0, 1e17]
  for (let round = 0; round < 80; round++) {
    const middle = (low + high) / 2
    if (costToAws(middle) < dollarsToAws) low = middle
    else high = middle
  }
  return low
}

const { egressCost, egressPrice } = createPrices(priceList)
const upstream = { cloud: 'gcp', region: 'us-central1' }

/** What crosses to AWS costs in a month of 730 hours, where so many bytes are pulled in 30 days. */
function costToAws(bytes: number): number {
  const monthBytes = (bytes * 730) / (days * 24)
  const costOf = (share: number, to: 'internet' | { cloud: string; region: string }) =>
    Number(egressCost(Math.round(monthBytes * share), upstream, to)) / 1e9
  const usual = egressPrice(upstream, 'internet')!.nanodollars
  // The upstream's own cloud is not in the internet, and some regions have a price of their own.
  let [usualShare, usualAws, apart] = [0, 0, 0]
  for (const { location, share } of clientShares) {
    const [cloud = '', region = ''] = location.split('/')
    if (cloud === upstream.cloud) continue
    const isUsual = cloud === '-' || egressPrice(upstream, { cloud, region })!.nanodollars === usual
    if (isUsual) usualShare += share
    if (cloud !== 'aws') continue
    if (isUsual) usualAws += share
    else apart += costOf(share, { cloud, region })
  }
  return costOf(usualShare, 'internet') * (usualAws / usualShare) + apart
}

type Day = { readonly text: string; readonly from: number; readonly to: number }

/** The days of the month, each with where it begins and ends as a share of all requests. */
function dayTexts(): readonly Day[] {
  const dates = Array.from({ length: days }, (_, day) => new Date(startMs + day * dayMs))
  const weights = dates.map((date) => ([0, 6].includes(date.getUTCDay()) ? weekendShare : 1))
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  let from = 0
  return dates.map((date, at) => {
    const to = from + weights[at]! / all
    const text = `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}`
    const day = { text, from, to }
    from = to
    return day
  })
}

function timeAt(dates: readonly Day[], share: number): string {
  const day = dates.find(({ to }) => share < to) ?? dates.at(-1)!
  const seconds = Math.min(86_399, Math.floor(((share - day.from) / (day.to - day.from)) * 86_400))
  const minutes = Math.floor(seconds / 60)
  return `${day.text}:${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)} +0000`
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
