import type { ConfiguredMirror } from '../../config.ts'
import { mirrorIndexPrefix } from '../../core/index-pointer.ts'
import type { AnonymousDeps } from '../publish/anonymous.ts'
import type { Bucket } from '../bucket/bucket.ts'
import { openBucket } from '../bucket/bucket.ts'
import type { Environment } from '../bucket/bucket-client.ts'
import { BucketError } from '../bucket/bucket-error.ts'
import { endsUploads, uploadDays } from './bucket-setup-lifecycle.ts'
import { bucketArn } from './bucket-setup-policy.ts'
import type { BucketSettings } from './bucket-setup-store.ts'
import { openBucketSettings, UnknownToStore } from './bucket-setup-store.ts'
import { readOwnership } from '../marker.ts'
import { judgePolicy } from './mirror-policy-check.ts'
import type { Add, Finding } from './mirror-finding.ts'
import { checkPublic } from './mirror-public-findings.ts'

export type CheckDeps = AnonymousDeps & { readonly env: Environment }

export type CheckOptions = { readonly isIndexThere: boolean }

/**
 * Tries all that a mirror needs, harmlessly: what it writes lies under `nearport/`, and goes again.
 * Never rejects.
 */
export async function checkMirror(
  mirror: ConfiguredMirror,
  deps: CheckDeps,
  options: CheckOptions,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const add = (kind: Finding['kind'], what: string, fix: string) =>
    void findings.push({ kind, what, fix })
  const opened: { readonly close: () => void | Promise<void> }[] = []
  try {
    const settings = openBucketSettings(mirror, deps)
    opened.push(settings)
    const bucket = openBucket(mirror, deps)
    opened.push(bucket)
    if (await checkBucket(mirror, settings, bucket, add)) {
      await checkSettings(mirror, settings, options, add)
      await checkPublic(mirror, bucket, deps, options, add)
    }
  } catch (error) {
    add('wrong', (error as Error).message, 'mend that, and check again')
  } finally {
    for (const each of opened) await each.close()
  }
  return findings
}

/** False: there is nothing more to be learned. */
async function checkBucket(
  mirror: ConfiguredMirror,
  settings: BucketSettings,
  bucket: Bucket,
  add: Add,
): Promise<boolean> {
  const { id, store } = mirror
  const head = await settings.head()
  switch (head.kind) {
    case 'missing':
      add('wrong', `the bucket ${store.bucket} is missing`, `nearport mirrors create ${id}`)
      return false
    case 'elsewhere':
      add(
        'wrong',
        `the bucket ${store.bucket} is in ${head.region ?? 'another region'}, and not in ${store.signingRegion}`,
        `name a bucket in ${store.signingRegion} for ${id}, or set its signingRegion`,
      )
      return false
    case 'forbidden':
      add(
        'wrong',
        `the bucket ${store.bucket} is somebody else's, or the credentials lack s3:ListBucket`,
        `name another bucket for ${id}, or give the credentials s3:ListBucket on ${bucketArn(mirror)}`,
      )
      return false
    case 'there':
  }
  const ownership = await readRight(bucket, add)
  if (ownership === undefined) return true
  if (ownership.kind === 'foreign') {
    add('wrong', `the bucket is not ours: ${ownership.why}`, `name another bucket for ${id}`)
    return false
  }
  if (ownership.kind === 'unclaimed') {
    add(
      'wrong',
      'the bucket holds objects and no nearport/mirror.json',
      `if it is this mirror's: nearport sync --claim ${id}`,
    )
    return true
  }
  if (ownership.kind === 'empty') {
    add('wrong', 'the bucket is empty', `nearport mirrors create ${id}, and nearport sync`)
  }
  await checkRights(bucket, add)
  return true
}

async function readRight(bucket: Bucket, add: Add) {
  const arn = bucketArn(bucket.mirror)
  try {
    await bucket.listKeys('', 1)
  } catch (error) {
    lacking('s3:ListBucket', arn, error, add)
    return undefined
  }
  try {
    return await readOwnership(bucket)
  } catch (error) {
    lacking('s3:GetObject', `${arn}/*`, error, add)
    return undefined
  }
}

/** Where sync must be able to delete, and under a name that no generation has. */
const trialKey = `${mirrorIndexPrefix}check`

async function checkRights(bucket: Bucket, add: Add): Promise<void> {
  const arn = bucketArn(bucket.mirror)
  const how = { contentType: 'text/plain', cacheControl: 'no-cache' }
  try {
    await bucket.put(trialKey, Buffer.from('nearport mirrors check\n'), how)
  } catch (error) {
    lacking('s3:PutObject', `${arn}/*`, error, add)
    return
  }
  try {
    await bucket.remove(trialKey)
  } catch (error) {
    lacking('s3:DeleteObject', `${arn}/${mirrorIndexPrefix}*`, error, add)
  }
}

function lacking(right: string, on: string, error: unknown, add: Add): void {
  if (!(error instanceof BucketError)) throw error
  const fix =
    error.status === 403 ? `give the credentials ${right} on ${on}` : 'mend that, and check again'
  add('wrong', error.message, fix)
}

async function checkSettings(
  mirror: ConfiguredMirror,
  settings: BucketSettings,
  { isIndexThere }: CheckOptions,
  add: Add,
): Promise<void> {
  const create = `nearport mirrors create ${mirror.id}`
  const isPrivate = mirror.signer !== undefined
  await asFarAsKnown('its public access block', add, async () => {
    const block = await settings.publicAccessBlock()
    const closing = (['BlockPublicPolicy', 'RestrictPublicBuckets'] as const).filter(
      (name) => block?.[name] === true,
    )
    if (isPrivate && closing.length < 2) {
      add('warning', 'the public access block would let a policy make the bucket public', create)
    }
    if (!isPrivate && closing.length > 0) {
      add('wrong', `the public access block is in the way: ${closing.join(' and ')}`, create)
    }
  })
  await asFarAsKnown('its policy', add, async () => {
    const policy = await settings.policy()
    const { unread, tooMuch, lacksTlsOnly, refusesPlain } = judgePolicy(
      mirror,
      policy,
      isIndexThere,
    )
    for (const prefix of unread) {
      add('wrong', `the policy does not let anyone read ${prefix}*`, create)
    }
    if (tooMuch.length > 0) {
      const gives = isPrivate ? 'what is private' : 'more than it needs'
      add(
        isPrivate ? 'wrong' : 'warning',
        `the policy gives the public ${gives}: ${tooMuch.join('; ')}`,
        `${isPrivate ? `${create}, and ` : ''}take that out of the bucket policy: nearport changes no statement that is not its own`,
      )
    }
    if (lacksTlsOnly) add('warning', 'requests without TLS are not refused', create)
    if (refusesPlain) {
      add('wrong', 'the policy refuses requests without TLS, and there are no others', create)
    }
  })
  await asFarAsKnown('its lifecycle rules', add, async () => {
    if (endsUploads(await settings.lifecycle())) return
    add('warning', `no rule ends uploads that nobody completes in ${uploadDays} days`, create)
  })
}

/** What a store does not know is no fault, and what may not be seen is no proof of one. */
async function asFarAsKnown(what: string, add: Add, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof UnknownToStore) return
    if (!(error instanceof BucketError)) throw error
    add(
      'warning',
      `${what} could not be looked at: ${error.message}`,
      'give the credentials the right to',
    )
  }
}
