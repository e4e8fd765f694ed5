/**
 * Who pulled from the Kubernetes project's registry, as far as it is written down in public.
 *
 * The shares of the AWS regions are from https://github.com/kubernetes/registry.k8s.io/issues/39
 * (March 2022), in percent of what Amazon's addresses pulled. Two labels stand there twice, and its
 * writers call that a typo: us-west-1 (16.7 and 2.99) and eu-central-1 (11.1 and 9.2). The buckets
 * that were made then are in eu-west-1 and eu-west-2 beside the regions named, so the first of the one
 * and the second of the other are read as these. That is a guess, and so is all that is marked so.
 */
const documented: Readonly<Record<string, number>> = {
  'us-west-2': 21.5,
  'eu-west-1': 16.7,
  'us-east-1': 13,
  'eu-central-1': 11.1,
  'eu-west-2': 9.2,
  'us-east-2': 6.39,
  'ap-southeast-1': 5.32,
  'us-west-1': 2.99,
  'ap-northeast-1': 2.6,
  'ap-south-1': 2.12,
}

/** A guess: who had the other 9 %. Two of them are large enough to be the eleventh and the twelfth. */
const guessed: Readonly<Record<string, number>> = {
  'ap-southeast-2': 2.4,
  'ca-central-1': 2,
  'sa-east-1': 0.7,
  'ap-northeast-2': 0.7,
  'eu-west-3': 0.7,
  'eu-north-1': 0.6,
  'eu-south-1': 0.4,
  'ap-northeast-3': 0.4,
  'ap-east-1': 0.4,
  'me-south-1': 0.4,
  'af-south-1': 0.38,
}

/** The regions' shares of what AWS pulled, summing up to about 100, and the largest first. */
export const awsShares: readonly (readonly [region: string, percent: number])[] = Object.entries({
  ...documented,
  ...guessed,
}).toSorted(([, a], [, b]) => b - a)

/** Twelve mirrors were what this project set out with: the twelve busiest regions. */
export const twelveBusiest: readonly string[] = awsShares
  .slice(0, 12)
  .map(([region]) => `aws/${region}`)

/** Of all bytes. AWS's 70 % is written down; how the rest was divided is a guess. */
export const shareOfAws = 0.7
export const otherShares: readonly (readonly [location: string, share: number])[] = [
  ['gcp/us-central1', 0.06],
  ['gcp/europe-west1', 0.04],
  ['gcp/asia-east1', 0.02],
  ['azure/eastus', 0.025],
  ['azure/westeurope', 0.015],
  ['-', 0.14],
]

/** What it came to: requests a day, bytes of all images, and dollars a month for what crossed to AWS. */
export const requestsADay = 60_000_000
export const imageBytes = 1.5e12
export const dollarsToAws = 95_000

/**
 * A weekend day's share of a working day: 27 TB against 40 TB, from
 * https://github.com/kubernetes/k8s.io/pull/9843.
 */
export const weekendShare = 27 / 40
