import type { Bucket } from './store-bucket.ts'
import { type Action, bodyText, emptyResponse, xmlResponse } from './store-call.ts'
import { StoreError } from './store-error.ts'
import { parsePolicy, putPolicy } from './store-policy.ts'
import { type XmlFields, elementsOf, textOf } from './store-xml.ts'

/** How a bucket is set up beside its policy, as far as this store knows. */
type Settings = {
  publicAccessBlock?: Readonly<Record<string, boolean>>
  ownership?: string
  lifecycle?: readonly XmlFields[]
}

const settingsOf = new WeakMap<Bucket, Settings>()

function settings(bucket: Bucket): Settings {
  const known = settingsOf.get(bucket) ?? {}
  settingsOf.set(bucket, known)
  return known
}

/** Whether the bucket refuses what its policy would give to the public. */
export function isClosedToPublic(bucket: Bucket): boolean {
  return settings(bucket).publicAccessBlock?.['RestrictPublicBuckets'] === true
}

/** PutBucketPolicy, where what gives something to the public may be blocked. */
export const putAllowedPolicy: Action = (call) => {
  const { statements } = parsePolicy(bodyText(call), call.bucket.name)
  const isBlocked = settings(call.bucket).publicAccessBlock?.['BlockPublicPolicy'] === true
  if (isBlocked && statements.some(({ effect }) => effect === 'Allow')) {
    throw new StoreError('AccessDenied')
  }
  return putPolicy(call)
}

const switches = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
]

/** PutPublicAccessBlock: a switch that is not named is off. */
export const putPublicAccessBlock: Action = (call) => {
  const text = bodyText(call)
  if (elementsOf(text, 'PublicAccessBlockConfiguration').length !== 1) {
    throw new StoreError('MalformedXML')
  }
  settings(call.bucket).publicAccessBlock = Object.fromEntries(
    switches.map((name) => [name, textOf(text, name) === 'true']),
  )
  return emptyResponse()
}

/** GetPublicAccessBlock. */
export const getPublicAccessBlock: Action = ({ bucket }) => {
  const { publicAccessBlock } = settings(bucket)
  if (publicAccessBlock === undefined) throw new StoreError('NoSuchPublicAccessBlockConfiguration')
  return xmlResponse('PublicAccessBlockConfiguration', publicAccessBlock)
}

/** PutBucketOwnershipControls. */
export const putOwnership: Action = (call) => {
  const ownership = textOf(bodyText(call), 'ObjectOwnership') ?? ''
  if (!['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'].includes(ownership)) {
    throw new StoreError('MalformedXML')
  }
  settings(call.bucket).ownership = ownership
  return emptyResponse()
}

/** GetBucketOwnershipControls. */
export const getOwnership: Action = ({ bucket }) => {
  const { ownership } = settings(bucket)
  if (ownership === undefined) throw new StoreError('OwnershipControlsNotFoundError')
  return xmlResponse('OwnershipControls', { Rule: { ObjectOwnership: ownership } })
}

/**
 * PutBucketLifecycleConfiguration, with rules for unfinished uploads and for old objects alone. It
 * keeps them, and does not carry them out.
 */
export const putLifecycle: Action = (call) => {
  const rules = elementsOf(bodyText(call), 'Rule')
  if (rules.length === 0) throw new StoreError('MalformedXML')
  settings(call.bucket).lifecycle = rules.map(ruleOf)
  return emptyResponse()
}

/** GetBucketLifecycleConfiguration. */
export const getLifecycle: Action = ({ bucket }) => {
  const { lifecycle } = settings(bucket)
  if (lifecycle === undefined) throw new StoreError('NoSuchLifecycleConfiguration')
  return xmlResponse('LifecycleConfiguration', { Rule: lifecycle })
}

function ruleOf(text: string): XmlFields {
  const status = textOf(text, 'Status')
  if (status !== 'Enabled' && status !== 'Disabled') throw new StoreError('MalformedXML')
  for (const name of ['Transition', 'NoncurrentVersionExpiration', 'Tag', 'And']) {
    if (elementsOf(text, name).length > 0) {
      throw new StoreError('NotImplemented', `${name} in a lifecycle rule is not implemented`)
    }
  }
  const abort = textOf(text, 'DaysAfterInitiation')
  const expire = textOf(elementsOf(text, 'Expiration')[0] ?? '', 'Days')
  return {
    ID: textOf(text, 'ID'),
    Status: status,
    Filter: { Prefix: textOf(text, 'Prefix') ?? '' },
    AbortIncompleteMultipartUpload:
      abort === undefined ? undefined : { DaysAfterInitiation: abort },
    Expiration: expire === undefined ? undefined : { Days: expire },
  }
}
