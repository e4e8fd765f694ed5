import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import { endsUploads } from '../../../src/sync/mirrors/bucket-setup-lifecycle.ts'
import {
  bucketArn,
  mergeAccessBlock,
  mergePolicy,
  parsePolicyText,
  wantedStatements,
  wantsTlsOnly,
} from '../../../src/sync/mirrors/bucket-setup-policy.ts'
import { judgePolicy } from '../../../src/sync/mirrors/mirror-policy-check.ts'

const mirrorOf = (mirror: Record<string, unknown>) =>
  parseConfig(
    { upstreams: [{ registry: 'https://r.example' }], mirrors: [{ bucket: 'images', ...mirror }] },
    'the test',
  ).mirrors[0]!
const east = mirrorOf({ id: 'aws/us-east-1' })
const options = { isIndexThere: true, isTlsOnly: true }
const wanted = wantedStatements(east, options)
const policy = { Version: '2012-10-17', Statement: wanted }

test.for<[string, Record<string, unknown>, string]>([
  ['of AWS', { id: 'aws/us-east-1' }, 'arn:aws:s3:::images'],
  ['of AWS in China', { id: 'aws/cn-north-1' }, 'arn:aws-cn:s3:::images'],
  ['of AWS for a government', { id: 'aws/us-gov-west-1' }, 'arn:aws-us-gov:s3:::images'],
  ['of AWS for Europe alone', { id: 'aws/eusc-de-east-1' }, 'arn:aws-eusc:s3:::images'],
  [
    'of another store',
    { id: 'aws/cn-north-1', endpoint: 'http://127.0.0.1:9000', forcePathStyle: true },
    'arn:aws:s3:::images',
  ],
])('a bucket %s has its partition in its ARN', ([, mirror, arn]) => {
  expect(bucketArn(mirrorOf(mirror))).toBe(arn)
})

test.for<[string, Record<string, unknown>, boolean]>([
  ['AWS', { id: 'aws/us-east-1' }, true],
  ['an endpoint with TLS', { id: 'r2/global', endpoint: 'https://s3.example' }, true],
  ['an endpoint without', { id: 'r2/global', endpoint: 'http://s3.example' }, false],
  ['clients that come without', { id: 'aws/us-east-1', publicUrl: 'http://cdn.example' }, false],
])('whether TLS is required, for %s', ([, mirror, isWanted]) => {
  expect(wantsTlsOnly(mirrorOf(mirror))).toBe(isWanted)
})

const open = { BlockPublicPolicy: false, RestrictPublicBuckets: false }
const atAws = { ...open, BlockPublicAcls: true, IgnorePublicAcls: true }

test.for<[string, Record<string, unknown>, object | undefined, object | undefined]>([
  ['nothing is set, at AWS', {}, undefined, atAws],
  [
    'all is closed, at AWS',
    {},
    { ...atAws, BlockPublicPolicy: true, RestrictPublicBuckets: true },
    atAws,
  ],
  ['it is right, at AWS', {}, atAws, undefined],
  ['nothing is set, elsewhere', { endpoint: 'https://s3.example' }, undefined, undefined],
  [
    'it is closed, elsewhere',
    { endpoint: 'https://s3.example' },
    { RestrictPublicBuckets: true },
    { ...open, BlockPublicAcls: false, IgnorePublicAcls: false },
  ],
])('the public access block, where %s', ([, mirror, before, after]) => {
  expect(mergeAccessBlock(mirrorOf({ id: 'aws/us-east-1', ...mirror }), before)).toEqual(after)
})

test('everything without TLS is refused at AWS; elsewhere the policy can be taken back', () => {
  const other = mirrorOf({ id: 'r2/global', endpoint: 'https://s3.example' })
  const tlsOf = (statements: typeof wanted) =>
    statements.find(({ Sid }) => Sid === 'NearportTlsOnly')!
  expect(tlsOf(wanted)).toMatchObject({ Effect: 'Deny', Action: 's3:*' })
  expect(tlsOf(wantedStatements(other, options))['Action']).not.toContain('s3:PutBucketPolicy')
})

test('a policy that a store gives back in another form is the same', () => {
  const other = JSON.stringify({
    ...policy,
    Statement: wanted.map(({ Action, Resource, ...rest }) => ({
      ...rest,
      Principal: { AWS: ['*'] },
      Resource: [Resource].flat().toReversed(),
      Action: [Action],
    })),
  })
  expect(mergePolicy(parsePolicyText(other), wanted)).toBeUndefined()
  const quoted = other.replace('"aws:SecureTransport":"false"', '"aws:SecureTransport":["false"]')
  expect(quoted).not.toBe(other)
  expect(mergePolicy(parsePolicyText(quoted), wanted)).toBeUndefined()
  expect(mergePolicy(undefined, wanted)).toEqual(policy)
})

test('a single statement that is no list is kept', () => {
  const text = '{"Statement":{"Sid":"a","Effect":"Deny","Principal":"*","Action":"s3:Put*"}}'
  expect(mergePolicy(parsePolicyText(text), wanted)!.Statement.map(({ Sid }) => Sid)).toEqual([
    'a',
    'NearportReadBlobs',
    'NearportReadIndex',
    'NearportTlsOnly',
  ])
})

const arn = 'arn:aws:s3:::images'
const allow = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `${arn}/*` }
const right = { unread: [], tooMuch: [], lacksTlsOnly: false, refusesPlain: false }

test.for<[string, readonly object[], object]>([
  ['is as it is to be', wanted, right],
  [
    'is not there',
    [],
    { unread: ['containers/images/sha256', 'nearport/index/'], lacksTlsOnly: true },
  ],
  [
    'gives the whole bucket',
    [...wanted, allow],
    { ...right, tooMuch: [`s3:GetObject on ${arn}/*`] },
  ],
  [
    'lets anyone list',
    [...wanted, { ...allow, Action: ['s3:ListBucket'], Resource: arn }],
    { ...right, tooMuch: [`s3:ListBucket on ${arn}`] },
  ],
  [
    'lets anyone do all, in another spelling',
    [...wanted, { ...allow, Principal: { AWS: '*' }, Action: '*' }],
    { ...right, tooMuch: [`* on ${arn}/*`, `s3:GetObject on ${arn}/*`] },
  ],
  [
    'lets some do more',
    [...wanted, { ...allow, Principal: { AWS: 'arn:aws:iam::1:root' }, Action: 's3:*' }],
    right,
  ],
  [
    'lets anyone in one network do more',
    [...wanted, { ...allow, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }],
    right,
  ],
  [
    'refuses what it gives',
    [...wanted, { ...allow, Effect: 'Deny', Action: 's3:Get*' }],
    { ...right, unread: ['containers/images/sha256', 'nearport/index/'] },
  ],
])('a policy that %s', ([, Statement, faults]) => {
  expect(judgePolicy(east, { Statement: Statement as typeof wanted }, true)).toMatchObject(faults)
})

test('a policy that refuses plain requests where all are plain is told', () => {
  const plain = mirrorOf({ id: 'aws/us-east-1', publicUrl: 'http://cdn.example' })
  expect(judgePolicy(plain, policy, true)).toEqual({ ...right, refusesPlain: true })
})

test.for<[string, object, boolean]>([
  ['of the whole bucket', {}, true],
  ['that is switched off', { Status: 'Disabled' }, false],
  ['of a part', { Filter: { Prefix: 'tmp/' } }, false],
  ['of what has a tag', { Filter: { Tag: { Key: 'a', Value: 'b' } } }, false],
  ['of the old form', { Filter: undefined, Prefix: '' }, true],
  [
    'that waits for a month',
    { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 30 } },
    false,
  ],
  ['that does something else', { AbortIncompleteMultipartUpload: undefined }, false],
])('a lifecycle rule %s', ([, change, ends]) => {
  const rule = {
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    ...change,
  }
  expect(endsUploads([rule])).toBe(ends)
})
