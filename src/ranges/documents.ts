import { clouds } from '../core/location.ts'
import type { Cloud } from '../core/location.ts'
import { readAwsDocument } from './aws-document.ts'
import { readAzureDocument } from './azure-document.ts'
import type { Place } from './document.ts'
import { readGcpDocument } from './gcp-document.ts'
import type { PublishedRanges } from './published.ts'

/**
 * The vendors' documents as `JSON.parse` gives them. A cloud that is left out is in the table as
 * nobody's.
 */
export type RangesDocuments = { readonly [C in Cloud]?: unknown }

/**
 * What was published is not what we know to read: every problem of every document, each with its
 * path.
 */
export class RangesError extends Error {
  override readonly name = 'RangesError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const shown = problems.slice(0, 20)
    const more =
      problems.length > shown.length ? [`and ${problems.length - shown.length} more`] : []
    super(['address ranges cannot be read:', ...shown, ...more].join('\n  '))
    this.problems = problems
  }
}

const readers: { readonly [C in Cloud]: (document: Place) => PublishedRanges | undefined } = {
  aws: readAwsDocument,
  gcp: readGcpDocument,
  azure: readAzureDocument,
}

/**
 * Reads the documents, in the order of `clouds`. Throws a RangesError with every problem at once.
 */
export function readDocuments(documents: RangesDocuments): readonly PublishedRanges[] {
  const problems: string[] = []
  const published = clouds.flatMap((cloud) => {
    const value = documents[cloud]
    if (value === undefined) return []
    return readers[cloud]({ value, key: cloud, above: undefined, problems }) ?? []
  })
  if (problems.length > 0) throw new RangesError(problems)

  // A document of no prefixes is a vendor's accident, and would turn every caller of that cloud
  // into a stranger.
  const empty = published.filter(({ prefixes }) => prefixes.length === 0)
  if (empty.length > 0 || published.length === 0) {
    const names = published.length === 0 ? ['documents'] : empty.map(({ source }) => source.cloud)
    throw new RangesError(names.map((name) => `${name}: wanted at least one prefix, came none`))
  }
  return published
}
