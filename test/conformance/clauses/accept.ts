import { mediaTypes } from '../../../src/embedded/media-type.ts'
import type { Clause, Section } from '../clause.ts'
import { index } from '../content.ts'
import { firstOf, firstWith } from '../want.ts'
import { kinds, manifestPath, whole } from './manifests.ts'

const clauses: readonly Clause[] = [
  {
    id: 'manifest-accept-one',
    source: 'Pulling manifests',
    decides: 'upstream',
    level: 'MUST',
    asks: 'a client that accepts the manifest’s own type alone gets it',
    how: '`GET manifests/<tag>` of each kind, Accept with its one type',
    check: ({ ask }) =>
      firstWith(kinds, async ([tag, { bytes, descriptor }]) => {
        const accept = { accept: descriptor.mediaType }
        return whole(await ask('GET', manifestPath(tag), accept), bytes)
      }),
  },
  {
    id: 'manifest-accept-lines',
    source: 'RFC 9110 §5.3',
    decides: 'upstream',
    level: 'MUST',
    asks: 'an Accept in several lines is one list',
    how: '`GET manifests/<tag>` of an index, whose type is in the last of two lines',
    async check({ ask }) {
      const accept = { accept: [mediaTypes.oci.manifest, mediaTypes.oci.index] }
      return whole(await ask('GET', manifestPath('multi'), accept), index.bytes)
    },
  },
  {
    id: 'manifest-accept-any',
    source: 'RFC 9110 §12.5.1',
    decides: 'upstream',
    level: 'SHOULD',
    asks: 'a client that accepts anything, or does not say, gets the manifest',
    how: '`GET manifests/<tag>` of each kind with `Accept: */*`, and with no Accept',
    check: ({ ask }) =>
      firstWith(kinds, async ([tag, { bytes }]) =>
        firstOf(
          whole(await ask('GET', manifestPath(tag), { accept: '*/*' }), bytes),
          whole(await ask('GET', manifestPath(tag)), bytes),
        ),
      ),
  },
]

export const acceptSection: Section = { title: 'Content negotiation', clauses }
