import { readFileSync } from 'node:fs'
import { parseConfig } from '../../src/config.ts'
import type { Config, ConfiguredMirror } from '../../src/config.ts'
import { mergeLifecycle } from '../../src/sync/mirrors/bucket-setup-lifecycle.ts'
import {
  isAtAws,
  mergeAccessBlock,
  mergePolicy,
  wantedStatements,
  wantsTlsOnly,
} from '../../src/sync/mirrors/bucket-setup-policy.ts'

/** A `Bucket` of the S3 controller of AWS Controllers for Kubernetes. */
export type BucketResource = ReturnType<typeof bucketResource>

/**
 * The mirrors at AWS of a configuration as ACK `Bucket` resources: set up as `nearport mirrors create`
 * does it, by the same code.
 */
export function bucketResources(config: Config): readonly BucketResource[] {
  const isIndexThere = config.index.directory === undefined
  return config.mirrors.filter(isAws).map((mirror) => bucketResource(mirror, isIndexThere))
}

function isAws(mirror: ConfiguredMirror): boolean {
  return mirror.cloud === 'aws' && isAtAws(mirror)
}

function bucketResource(mirror: ConfiguredMirror, isIndexThere: boolean) {
  const { bucket, signingRegion } = mirror.store
  const wanted = wantedStatements(mirror, { isIndexThere, isTlsOnly: wantsTlsOnly(mirror) })
  const policy = mergePolicy(undefined, wanted)
  const block = mergeAccessBlock(mirror)!
  return {
    apiVersion: 's3.services.k8s.aws/v1alpha1',
    kind: 'Bucket',
    metadata: {
      // A bucket's name is a resource's, too: both are names of hosts.
      name: bucket,
      annotations: {
        'services.k8s.aws/region': signingRegion,
        // A mirror is days of copying: it outlives its resource.
        'services.k8s.aws/deletion-policy': 'retain',
      },
    },
    spec: {
      name: bucket,
      // AWS's oldest region has no name there.
      ...(signingRegion !== 'us-east-1' && {
        createBucketConfiguration: { locationConstraint: signingRegion },
      }),
      publicAccessBlock: {
        blockPublicACLs: block.BlockPublicAcls,
        ignorePublicACLs: block.IgnorePublicAcls,
        blockPublicPolicy: block.BlockPublicPolicy,
        restrictPublicBuckets: block.RestrictPublicBuckets,
      },
      ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
      ...(policy !== undefined && { policy: JSON.stringify(policy) }),
      lifecycle: {
        rules: mergeLifecycle([])!.map((rule) => ({
          id: rule.ID,
          status: rule.Status,
          filter: { prefix: rule.Filter!.Prefix },
          abortIncompleteMultipartUpload: {
            daysAfterInitiation: rule.AbortIncompleteMultipartUpload!.DaysAfterInitiation,
          },
        })),
      },
    },
  }
}

if (import.meta.main) {
  const path = process.argv[2] ?? 'nearport.json'
  const items = bucketResources(parseConfig(JSON.parse(readFileSync(path, 'utf8')), path))
  console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2))
}
