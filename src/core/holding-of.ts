import type { Digest } from './digest.ts'
import type { Tell } from './tell.ts'
import type { Mirror } from './mirror.ts'
import type { Holding, Presence } from './policy.ts'

/** Whatever a mirror holds, it serves nobody while its addresses cannot be signed. */
export function holdingOf(
  mirror: Mirror,
  digest: Digest,
  presence: Presence,
  tell: Tell | undefined,
): Holding {
  if (mirror.signer === undefined || mirror.signer.isReady()) return presence.holds(mirror, digest)
  tell?.(
    `${mirror.id}: private, and there are no credentials that its addresses can be signed with`,
  )
  return 'failed'
}
