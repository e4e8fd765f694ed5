import { awsDocument } from '../../ranges/fresh-documents.ts'
import type { Row } from '../../ranges/sample-documents.ts'

/** Where the drills' clients are, and two regions more. */
const rows: readonly Row[] = [
  ['54.144.0.0/14', 'us-east-1'],
  ['54.72.0.0/15', 'eu-west-1'],
  ['3.64.0.0/13', 'eu-central-1'],
  ['13.232.0.0/14', 'ap-south-1'],
  ['2600:1f18::/33', 'us-east-1'],
  ['2a05:d018::/35', 'eu-west-1'],
]

const daySeconds = 86_400
let edition = Math.floor(Date.now() / 1000) - 2 * daySeconds

/** A sound document of AWS's ranges, newer than the last one. */
export function soundRanges(): string {
  return JSON.stringify(awsDocument(++edition, rows))
}

/** Documents that must not be taken, by what is wrong with them. */
export const lyingRanges = {
  'cut in half': () => soundRanges().slice(0, 400),
  emptied: () => JSON.stringify(awsDocument(++edition, [])),
  'last year’s': () => JSON.stringify(awsDocument(edition - 365 * daySeconds, rows)),
  'next year’s': () => JSON.stringify(awsDocument(edition + 365 * daySeconds, rows)),
  'two regions exchanged': () => {
    const [east, ireland] = ['us-east-1', 'eu-west-1']
    const other = new Map([
      [east, ireland],
      [ireland, east],
    ])
    const wrong = rows.map(([prefix, region]): Row => [prefix, other.get(region) ?? region])
    return JSON.stringify(awsDocument(++edition, wrong))
  },
} as const
