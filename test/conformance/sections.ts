import type { Section } from './clause.ts'
import { acceptSection } from './clauses/accept.ts'
import { blobSection } from './clauses/blobs.ts'
import { errorSection } from './clauses/errors.ts'
import { existenceSection } from './clauses/existence.ts'
import { manifestSection } from './clauses/manifests.ts'
import { nameSection } from './clauses/names.ts'
import { nearportSection } from './clauses/nearport.ts'
import { pullOnlySection } from './clauses/pull-only.ts'
import { rangeSection } from './clauses/ranges.ts'
import { referrerSection } from './clauses/referrers.ts'
import { tagSection } from './clauses/tags.ts'
import { versionSection } from './clauses/version.ts'

/** Everything that is checked, in the order of the spec, and then what is not of it. */
export const sections: readonly Section[] = [
  versionSection,
  manifestSection,
  acceptSection,
  blobSection,
  rangeSection,
  existenceSection,
  tagSection,
  referrerSection,
  errorSection,
  nameSection,
  pullOnlySection,
  nearportSection,
]

export const clauses = sections.flatMap((section) => section.clauses)
