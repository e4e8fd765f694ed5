import type { Ask } from '../ask.ts'
import type { Clause, Problem, Section } from '../clause.ts'
import { acceptAll, blobs, image, unusualNames } from '../content.ts'
import { firstOf, firstWith, wantStatus } from '../want.ts'
import { blobPath } from './blobs.ts'
import { manifestPath, whole } from './manifests.ts'

const grammar = { source: 'Pulling manifests', decides: 'upstream' } as const

const clauses: readonly Clause[] = [
  {
    id: 'name-separators',
    ...grammar,
    level: 'MUST',
    asks: 'a name may have many parts, and `.`, `_`, `__` and any number of `-` inside them',
    how: '`GET` of a manifest and a blob in `conformance/a.b/c_d/e__f/g---h/0`',
    check: ({ ask }) => pull(ask, unusualNames.separators),
  },
  {
    id: 'name-words-of-the-api',
    ...grammar,
    level: 'MUST',
    asks: 'the words of the API’s own paths may be parts of a name',
    how: '`GET` of a manifest and a blob in `conformance/blobs/manifests/tags/list/referrers`',
    check: ({ ask }) => pull(ask, unusualNames.words),
  },
  {
    id: 'name-255',
    ...grammar,
    level: 'clients',
    asks: 'a name may have 255 characters, which is what many clients limit it to',
    how: '`GET` of a manifest and a blob there',
    check: ({ ask }) => pull(ask, unusualNames.long),
  },
  {
    id: 'name-outside-the-grammar',
    ...grammar,
    decides: 'nearport',
    level: 'MUST',
    asks: 'what is no name names no repository: 404, or 400',
    how: '`GET` of manifests, blobs and tags in `Conformance/app`, `-a`, `a.`, `a..b`, `a//b`, `a/_b`',
    check: ({ ask }) =>
      firstWith(
        ['Conformance/app', '-a', 'a.', 'a..b', 'a//b', 'a/_b'].flatMap((name) => [
          manifestPath('1.0', name),
          blobPath(blobs.layer.descriptor.digest, name),
          `/v2/${name}/tags/list`,
        ]),
        async (path) => wantStatus(await ask('GET', path, acceptAll), 404, 400),
      ),
  },
]

export const nameSection: Section = { title: 'Names of repositories', clauses }

async function pull(ask: Ask, name: string): Promise<Problem> {
  return firstOf(
    whole(await ask('GET', manifestPath('1.0', name), acceptAll), image.bytes),
    whole(await ask('GET', blobPath(blobs.config.descriptor.digest, name)), blobs.config.bytes),
  )
}
