import type { Config, ConfiguredMirror } from '../../config.ts'
import { readAddress } from '../../core/address.ts'
import type { Add } from '../../sync/mirrors/mirror-finding.ts'
import { isAtAws } from '../../sync/mirrors/bucket-setup-policy.ts'
import { checkMirror } from '../../sync/mirrors/mirror-check.ts'
import type { DoctorDeps, Examination } from './examination.ts'
import { examine } from './examination.ts'

/**
 * Looks at every mirror as `nearport mirrors check` does, and whether clients reach it that have IPv6
 * alone.
 */
export function examineMirrors(
  { mirrors, index }: Config,
  deps: DoctorDeps,
): readonly Promise<Examination>[] {
  const options = { isIndexThere: index.directory === undefined }
  return mirrors.map((mirror) =>
    examine(`mirror ${mirror.id}`, async (add) => {
      for (const { kind, what, fix } of await checkMirror(mirror, deps, options)) {
        add(kind, what, fix)
      }
      await examineIpv6(mirror, deps, add)
    }),
  )
}

async function examineIpv6(
  mirror: ConfiguredMirror,
  { hasIpv6 }: DoctorDeps,
  add: Add,
): Promise<void> {
  const { hostname } = new URL(mirror.publicUrl)
  const isAddress = readAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined
  if (isAddress || hostname === 'localhost') return
  try {
    if (await hasIpv6(hostname)) return
  } catch {
    // What cannot be looked up was found out by reading it.
    return
  }
  const fix = isAtAws(mirror)
    ? 'leave publicUrl out, or set it to the bucket’s s3.dualstack address'
    : 'set publicUrl to an address with IPv6 too, where there is one'
  add('warning', `${hostname} has no IPv6 address: clients that have no other cannot read it`, fix)
}
