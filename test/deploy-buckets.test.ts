import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bucketResources } from '../deploy/ack/buckets.ts'
import { parseConfig } from '../src/config.ts'
import { mergeLifecycle } from '../src/sync/mirrors/bucket-setup-lifecycle.ts'
import type { Statement } from '../src/sync/mirrors/bucket-setup-policy.ts'
import {
  bucketArn,
  mergeAccessBlock,
  publicPrefixes,
  wantedStatements,
  wantsTlsOnly,
} from '../src/sync/mirrors/bucket-setup-policy.ts'
import { bucketsExample } from './deploy-buckets-example.ts'

// What Terraform itself makes of its files is seen in test/e2e/deploy.e2e.ts, where it is there.
const terraform = (name: string) =>
  readFileSync(new URL(`../deploy/terraform/${name}`, import.meta.url), 'utf8')

const config = parseConfig(bucketsExample, 'the example')
const atAws = config.mirrors.filter(({ store }) => !/r2|minio/.test(store.bucket))
const withFolder = parseConfig({ ...bucketsExample, index: { directory: 'index' } }, 'the example')

test('ACK resources are the mirrors at AWS, each in its region', () => {
  expect(
    bucketResources(config).map(({ metadata, spec }) => [
      metadata.name,
      metadata.annotations['services.k8s.aws/region'],
      'createBucketConfiguration' in spec && spec.createBucketConfiguration,
    ]),
  ).toEqual([
    ['acme-east', 'us-east-1', false],
    ['acme-ireland', 'eu-west-1', { locationConstraint: 'eu-west-1' }],
    ['acme-beijing', 'cn-north-1', { locationConstraint: 'cn-north-1' }],
    ['acme-gov', 'us-gov-west-1', { locationConstraint: 'us-gov-west-1' }],
    ['acme-paris', 'eu-west-3', { locationConstraint: 'eu-west-3' }],
  ])
})

test.for([
  ['its index in the buckets', config, true],
  ['its index in a folder', withFolder, false],
] as const)(
  'ACK resources of a configuration with %s have the policies that nearport makes',
  ([, given, isIndexThere]) => {
    const policies = bucketResources(given).map(({ spec }) => JSON.parse(spec.policy ?? '{}'))
    expect(policies).toEqual(
      atAws.map((mirror) => ({
        Version: '2012-10-17',
        Statement: wantedStatements(mirror, { isIndexThere, isTlsOnly: wantsTlsOnly(mirror) }),
      })),
    )
  },
)

test('ACK resources block the public of the private mirror alone, and access lists of all', () => {
  for (const { metadata, spec } of bucketResources(config)) {
    const isPrivate = metadata.name === 'acme-gov'
    expect([metadata.name, spec.publicAccessBlock]).toEqual([
      metadata.name,
      {
        blockPublicACLs: true,
        ignorePublicACLs: true,
        blockPublicPolicy: isPrivate,
        restrictPublicBuckets: isPrivate,
      },
    ])
    expect(spec.ownershipControls.rules).toEqual([{ objectOwnership: 'BucketOwnerEnforced' }])
    expect(spec.lifecycle.rules).toEqual([
      {
        id: 'nearport-abort-uploads',
        status: 'Enabled',
        filter: { prefix: '' },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
      },
    ])
  }
})

test.for(atAws.map((mirror) => [mirror.id, mirror] as const))(
  'the statements that Terraform has for %s are those that nearport makes',
  ([, mirror]) => {
    const isTlsOnly = wantsTlsOnly(mirror)
    const wanted = wantedStatements(mirror, { isIndexThere: true, isTlsOnly })
    const [blobs = ''] = publicPrefixes(mirror, true)
    const values: Readonly<Record<string, string>> = { arn: bucketArn(mirror), blobs }
    const text = terraform('policy.json.tftpl').replaceAll(
      /\$\{(\w+)\}/g,
      (_, name: string) => values[name]!,
    )
    const all = JSON.parse(text) as readonly Statement[]
    const sids = wanted.map(({ Sid }) => Sid)
    expect(all.filter(({ Sid }) => sids.includes(Sid))).toEqual(wanted)
    // Every statement that there is has its condition.
    for (const { Sid } of all)
      expect(terraform('mirrors.tf')).toMatch(new RegExp(`^ +${String(Sid)} += `, 'm'))
  },
)

test('Terraform sets what nearport sets besides, for public mirrors and private ones', () => {
  const text = terraform('buckets.tf')
  const [rule] = mergeLifecycle([])!
  expect(text).toContain(`"${rule!.ID}"`)
  const days = rule!.AbortIncompleteMultipartUpload!.DaysAfterInitiation
  expect(/days_after_initiation += (\d+)/.exec(text)![1]).toBe(String(days))
  expect(text).toContain('object_ownership = "BucketOwnerEnforced"')
  for (const mirror of atAws) {
    const block = mergeAccessBlock(mirror)!
    const isPrivate = String(mirror.signer !== undefined)
    const set = (name: string) =>
      new RegExp(`^ +${name} += (\\S+)$`, 'm')
        .exec(text)![1]!
        .replace('each.value.is_private', isPrivate)
    expect([
      set('block_public_acls'),
      set('ignore_public_acls'),
      set('block_public_policy'),
      set('restrict_public_buckets'),
    ]).toEqual(
      [
        block.BlockPublicAcls,
        block.IgnorePublicAcls,
        block.BlockPublicPolicy,
        block.RestrictPublicBuckets,
      ].map(String),
    )
  }
})
