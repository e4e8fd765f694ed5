import type { ConfiguredMirror } from '../../config.ts'
import { mirrorIndexPrefix } from '../../core/index-pointer.ts'

/** One statement of a bucket policy, as others may have written it. */
export type Statement = Readonly<Record<string, unknown>>

export type PolicyDocument = Statement & { readonly Statement: readonly Statement[] }

/** Sids of the statements that are ours; those of others are kept as they are. */
const ours = ['NearportReadBlobs', 'NearportReadIndex', 'NearportTlsOnly']

/** Whether a bucket is at AWS itself, and not in a store that speaks its language. */
export function isAtAws({ store }: ConfiguredMirror): boolean {
  return store.endpoint === undefined || /\.amazonaws\./.test(store.endpoint)
}

/**
 * The ARN of a bucket. Every store but AWS takes the partition `aws`; AWS names its own by region.
 */
export function bucketArn(mirror: ConfiguredMirror): string {
  const { store } = mirror
  const partition = /^(?:cn|us-gov|eusc)(?=-)/.exec(store.signingRegion)?.[0]
  return `arn:aws${isAtAws(mirror) && partition !== undefined ? `-${partition}` : ''}:s3:::${store.bucket}`
}

/**
 * Object keys that anyone is to read: the blobs, and the index where `serve` reads it there; none in
 * a private mirror.
 */
export function publicPrefixes(
  { keys, signer }: ConfiguredMirror,
  isIndexThere: boolean,
): readonly string[] {
  if (signer !== undefined) return []
  // Ceph takes no ARN with a colon in its key: `containers/images/sha256:` ends before it.
  const blobs = keys.prefix.split(':', 1)[0]!
  return isIndexThere ? [blobs, mirrorIndexPrefix] : [blobs]
}

/** The four switches of a public access block; what is not set is off. */
export type AccessBlock = { readonly [S in AccessSwitch]?: boolean | undefined }
type AccessSwitch =
  | 'BlockPublicAcls'
  | 'IgnorePublicAcls'
  | 'BlockPublicPolicy'
  | 'RestrictPublicBuckets'

/**
 * A bucket's public access block as a mirror wants it: a policy may make it public, unless it is
 * private, and an access list may not. Undefined where it is so. Elsewhere than at AWS the switches of access lists stay as they
 * are: with BlockPublicAcls, Ceph 16 refuses every PUT.
 */
export function mergeAccessBlock(
  mirror: ConfiguredMirror,
  before: AccessBlock = {},
): AccessBlock | undefined {
  const { BlockPublicAcls = false, IgnorePublicAcls = false } = before
  const { BlockPublicPolicy = false, RestrictPublicBuckets = false } = before
  const isPrivate = mirror.signer !== undefined
  const lists = isAtAws(mirror)
    ? { BlockPublicAcls: true, IgnorePublicAcls: true }
    : { BlockPublicAcls, IgnorePublicAcls }
  if (
    BlockPublicPolicy === isPrivate &&
    RestrictPublicBuckets === isPrivate &&
    lists.BlockPublicAcls === BlockPublicAcls &&
    lists.IgnorePublicAcls === IgnorePublicAcls
  ) {
    return undefined
  }
  return { ...lists, BlockPublicPolicy: isPrivate, RestrictPublicBuckets: isPrivate }
}

/**
 * Whether requests without TLS can be refused: where the bucket is written to and read with it. A
 * plain endpoint would lock us out, and a plain publicUrl the clients.
 */
export function wantsTlsOnly({ store, publicUrl }: ConfiguredMirror): boolean {
  const { endpoint = 'https:' } = store
  return endpoint.startsWith('https:') && publicUrl.startsWith('https:')
}

/** The statements that a mirror's bucket is to have. */
export function wantedStatements(
  mirror: ConfiguredMirror,
  { isIndexThere, isTlsOnly }: { readonly isIndexThere: boolean; readonly isTlsOnly: boolean },
): readonly Statement[] {
  const arn = bucketArn(mirror)
  const sids = ['NearportReadBlobs', 'NearportReadIndex']
  const reads = publicPrefixes(mirror, isIndexThere).map((prefix, at) => ({
    Sid: sids[at],
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: `${arn}/${prefix}*`,
  }))
  if (!isTlsOnly) return reads
  const tls = {
    Sid: 'NearportTlsOnly',
    Effect: 'Deny',
    Principal: '*',
    // A store whose TLS ends at a proxy may see none at all: what changes the policy stays possible
    // there, so that it can be taken back.
    Action: isAtAws(mirror) ? 's3:*' : objectActions,
    Resource: [arn, `${arn}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  }
  return [...reads, tls]
}

const objectActions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:ListBucket']

/**
 * A bucket's policy with our statements as they are wanted and every other as it was; undefined
 * where that changes nothing.
 */
export function mergePolicy(
  before: PolicyDocument | undefined,
  wanted: readonly Statement[],
): PolicyDocument | undefined {
  const all = before?.Statement ?? []
  const others = all.filter(({ Sid }) => !ours.includes(String(Sid)))
  const had = all.filter(({ Sid }) => ours.includes(String(Sid)))
  if (sameStatements(had, wanted)) return undefined
  return { Version: '2012-10-17', ...before, Statement: [...others, ...wanted] }
}

/** Reads a policy's text. Throws an Error where it is none. */
export function parsePolicyText(text: string): PolicyDocument {
  const json = JSON.parse(text) as { readonly Statement?: unknown }
  const statements = [json.Statement ?? []].flat() as unknown as readonly Statement[]
  return { ...json, Statement: statements }
}

/** What a text or a list of texts in a policy has; a store may give the one for the other. */
export function listOf(value: unknown): readonly string[] {
  return (value === undefined ? [] : [value]).flat().map(String)
}

/** Whether a statement speaks of everyone. */
export function isForEveryone({ Principal }: Statement): boolean {
  const principals =
    typeof Principal === 'object' && Principal !== null
      ? Object.values(Principal).flatMap(listOf)
      : listOf(Principal)
  return principals.includes('*')
}

function sameStatements(a: readonly Statement[], b: readonly Statement[]): boolean {
  const texts = (all: readonly Statement[]) => all.map(canonical).toSorted().join('\n')
  return texts(a) === texts(b)
}

function canonical(statement: Statement): string {
  const { Sid, Effect, Action, Resource, Condition, Principal: _, ...rest } = statement
  return JSON.stringify([
    Sid,
    Effect,
    isForEveryone(statement),
    listOf(Action).toSorted(),
    listOf(Resource).toSorted(),
    conditionText(Condition),
    rest,
  ])
}

/** AWS gives a condition's `"false"` back as it came, other stores as a list or without quotes. */
function conditionText(condition: unknown): string {
  const operators = Object.entries((condition ?? {}) as Readonly<Record<string, object>>)
  return JSON.stringify(
    operators.map(([operator, keys]) => [
      operator,
      Object.entries(keys).map(([key, value]) => [key, listOf(value)]),
    ]),
  )
}
