import type { Bucket } from './store-bucket.ts'
import { type Action, bodyText, emptyResponse } from './store-call.ts'
import { StoreError } from './store-error.ts'
import type { Caller } from './store-signature.ts'

/** A bucket policy as far as it concerns the public. `text` is the document as it came. */
export type Policy = { readonly text: string; readonly statements: readonly Statement[] }

type Statement = {
  readonly effect: 'Allow' | 'Deny'
  readonly actions: readonly RegExp[]
  readonly resources: readonly RegExp[]
}

/**
 * Whether someone may do this to the bucket (key '') or to one of its objects. The owner may do
 * everything.
 */
export function isAllowed(bucket: Bucket, caller: Caller, action: string, key = ''): boolean {
  if (caller.kind === 'owner') return true
  const resource = `arn:aws:s3:::${bucket.name}${key === '' ? '' : `/${key}`}`
  const effects = (bucket.policy?.statements ?? [])
    .filter(({ actions, resources }) => matches(actions, action) && matches(resources, resource))
    .map(({ effect }) => effect)
  return effects.includes('Allow') && !effects.includes('Deny')
}

/** Whether someone may list the bucket, and so may learn that a key is missing. */
export function mayList(bucket: Bucket, caller: Caller): boolean {
  return isAllowed(bucket, caller, 's3:ListBucket')
}

/** A policy that lets anyone read the objects under these prefixes. */
export function publicReadPolicy(bucket: string, prefixes: readonly string[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: prefixes.map((prefix) => `arn:aws:s3:::${bucket}/${prefix}*`),
      },
    ],
  })
}

/** PutBucketPolicy. */
export const putPolicy: Action = (call) => {
  call.bucket.policy = parsePolicy(bodyText(call), call.bucket.name)
  return emptyResponse({}, 204)
}

/** GetBucketPolicy. */
export const getPolicy: Action = ({ bucket }) => {
  const { policy } = bucket
  if (policy === undefined) throw new StoreError('NoSuchBucketPolicy')
  return new Response(policy.text, { headers: { 'Content-Type': 'application/json' } })
}

/** DeleteBucketPolicy. */
export const deletePolicy: Action = ({ bucket }) => {
  bucket.policy = undefined
  return emptyResponse({}, 204)
}

/**
 * Reads a policy whose statements are for everyone. Throws StoreError: MalformedPolicy, or
 * NotImplemented for what would otherwise be ignored, such as conditions and named principals.
 */
export function parsePolicy(text: string, bucket: string): Policy {
  const { Statement: statements } = parseDocument(text)
  if (!Array.isArray(statements) || statements.length === 0) {
    throw new StoreError('MalformedPolicy', 'Missing required field Statement')
  }
  return { text, statements: statements.map((statement) => parseStatement(statement, bucket)) }
}

type Document = { readonly Statement?: unknown }
type StatementJson = {
  readonly Effect?: unknown
  readonly Principal?: unknown
  readonly Action?: unknown
  readonly Resource?: unknown
}

function parseDocument(text: string): Document {
  try {
    return JSON.parse(text) as Document
  } catch {
    throw new StoreError('MalformedPolicy')
  }
}

function parseStatement(statement: StatementJson, bucket: string): Statement {
  const {
    Sid: _sid,
    Effect,
    Principal,
    Action: action,
    Resource,
    ...rest
  } = {
    Sid: undefined,
    ...statement,
  }
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw new StoreError('NotImplemented', `Policy element ${unknown} is not implemented`)
  }
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new StoreError('MalformedPolicy', `Invalid effect: ${String(Effect)}`)
  }
  if (!['"*"', '{"AWS":"*"}', '{"AWS":["*"]}'].includes(JSON.stringify(Principal))) {
    throw new StoreError('NotImplemented', 'Policies are implemented for everyone alone')
  }
  const resources = [Resource].flat().map(String)
  const arn = `arn:aws:s3:::${bucket}`
  if (!resources.every((name) => name === arn || name.startsWith(`${arn}/`))) {
    throw new StoreError('MalformedPolicy', 'Policy has invalid resource')
  }
  return {
    effect: Effect,
    actions: [action].flat().map((name) => wildcard(String(name))),
    resources: resources.map(wildcard),
  }
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's')
}

function matches(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text))
}
