import type { Answer, Ask } from '../ask.ts'
import type { Clause, Problem, Section } from '../clause.ts'
import { acceptAll, artifact, blobs, dockerImage, image, index, missing } from '../content.ts'
import { firstOf, firstWith, wantHeader, wantStatus } from '../want.ts'
import { blobPath } from './blobs.ts'
import { manifestPath } from './manifests.ts'

type Held = { readonly path: string; readonly digest: string; readonly size: number }

const manifests: readonly (Held & { readonly mediaType: string })[] = [
  ['1.0', image] as const,
  ['multi', index] as const,
  ['docker', dockerImage] as const,
  ['notes', artifact] as const,
].flatMap(([tag, { descriptor }]) =>
  [tag, descriptor.digest].map((reference) => ({ ...descriptor, path: manifestPath(reference) })),
)
const heldBlobs: readonly Held[] = Object.values(blobs).map(({ descriptor }) => ({
  ...descriptor,
  path: blobPath(descriptor.digest),
}))

const source = 'Checking if content exists'
const ofManifests = {
  source,
  decides: 'upstream',
  how: '`HEAD manifests/<reference>` of each kind, by tag and by digest',
} as const
const ofBlobs = {
  source,
  decides: 'holder',
  how: '`HEAD blobs/<digest>` of a layer, a config and a blob of no bytes',
} as const

const clauses: readonly Clause[] = [
  {
    id: 'manifest-exists',
    ...ofManifests,
    level: 'MUST',
    asks: 'a manifest that is there is 200',
    check: ({ ask }) => eachHead(ask, manifests, (answer) => wantStatus(answer, 200)),
  },
  {
    id: 'manifest-exists-digest',
    ...ofManifests,
    level: 'SHOULD',
    asks: 'with its digest in Docker-Content-Digest',
    check: ({ ask }) =>
      eachHead(ask, manifests, (answer, { digest }) =>
        wantHeader(answer, 'docker-content-digest', digest),
      ),
  },
  {
    id: 'manifest-exists-length',
    ...ofManifests,
    level: 'SHOULD',
    asks: 'with its size in Content-Length',
    check: ({ ask }) =>
      eachHead(ask, manifests, (answer, { size }) =>
        wantHeader(answer, 'content-length', String(size)),
      ),
  },
  {
    id: 'manifest-exists-type',
    ...ofManifests,
    source: 'go-containerregistry, oras',
    level: 'clients',
    asks: 'with its type in Content-Type, which crane and oras want',
    check: ({ ask }) =>
      eachHead(ask, manifests, (answer, { mediaType }) =>
        wantHeader(answer, 'content-type', mediaType),
      ),
  },
  {
    id: 'manifest-exists-not',
    ...ofManifests,
    level: 'MUST',
    asks: 'a manifest that is not there is 404',
    how: '`HEAD manifests/<reference>` of a tag and a digest nobody pushed',
    check: ({ ask }) =>
      firstWith([missing.tag, missing.digest], async (reference) =>
        wantStatus(await ask('HEAD', manifestPath(reference), acceptAll), 404),
      ),
  },
  {
    id: 'blob-exists',
    ...ofBlobs,
    level: 'MUST',
    asks: 'a blob that is there is 200',
    check: ({ ask }) => eachHead(ask, heldBlobs, (answer) => wantStatus(answer, 200)),
  },
  {
    id: 'blob-exists-digest',
    ...ofBlobs,
    level: 'SHOULD',
    asks: 'with its digest in Docker-Content-Digest',
    check: ({ ask }) =>
      eachHead(ask, heldBlobs, (answer, { digest }) =>
        wantHeader(answer, 'docker-content-digest', digest),
      ),
  },
  {
    id: 'blob-exists-length',
    ...ofBlobs,
    level: 'SHOULD',
    asks: 'with its size in Content-Length',
    check: ({ ask }) =>
      eachHead(ask, heldBlobs, (answer, { size }) =>
        wantHeader(answer, 'content-length', String(size)),
      ),
  },
  {
    id: 'blob-exists-not',
    ...ofBlobs,
    level: 'MUST',
    asks: 'a blob that is not there is 404',
    how: '`HEAD blobs/<digest>` of a digest nobody pushed',
    async check({ ask }) {
      return wantStatus(await ask('HEAD', blobPath(missing.digest)), 404)
    },
  },
]

export const existenceSection: Section = { title: 'Whether content exists', clauses }

function eachHead<T extends Held>(
  ask: Ask,
  held: readonly T[],
  check: (answer: Answer, of: T) => Problem,
): Promise<Problem> {
  return firstWith(held, async (each) => {
    const answer = await ask('HEAD', each.path, acceptAll)
    return firstOf(wantStatus(answer, 200), check(answer, each))
  })
}
