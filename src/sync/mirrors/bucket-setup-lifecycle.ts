import type { LifecycleRule } from '@aws-sdk/client-s3'

/** Days after which what is left of an upload in parts goes. No blob takes that long. */
export const uploadDays = 2

const rule: LifecycleRule = {
  ID: 'nearport-abort-uploads',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: uploadDays },
}

/**
 * A bucket's lifecycle rules with ours among them and every other as it was; undefined where some
 * rule does it already.
 */
export function mergeLifecycle(
  before: readonly LifecycleRule[],
): readonly LifecycleRule[] | undefined {
  if (endsUploads(before)) return undefined
  return [...before.filter(({ ID }) => ID !== rule.ID), rule]
}

/** Whether what is left of an upload goes by itself, in the whole bucket and soon. */
export function endsUploads(rules: readonly LifecycleRule[]): boolean {
  return rules.some((each) => {
    const days = each.AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? Infinity
    return each.Status === 'Enabled' && isForAll(each) && days <= uploadDays
  })
}

function isForAll({ Filter, Prefix }: LifecycleRule): boolean {
  if (Filter === undefined) return (Prefix ?? '') === ''
  const { Prefix: prefix = '', ...others } = Filter
  return prefix === '' && Object.values(others).every((each) => each === undefined)
}
