import type { Presign, SignedMethod, SignedPlace, SigningCredentials } from './presign.ts'
import { createPresigner } from './presign.ts'
import type { StartSignature } from './sha256-signature.ts'

/** Signs addresses in a bucket that is not for anyone to read. */
export type Signer = {
  /**
   * Whether there are credentials, which hold for a while yet and were not refused when they were
   * last used. Where it is false, nobody may be sent there.
   */
  readonly isReady: () => boolean
  /**
   * The absolute address under which an object can be read, by this method alone and for a while.
   * `path` is its key as `encodePath` has it. Throws where there are no credentials.
   */
  readonly sign: (method: SignedMethod, path: string) => string
  /** To be told with what status the bucket answered when our own signature was used there. */
  readonly hear: (status: number) => void
}

/** Credentials, and until when they hold, in milliseconds since 1970; undefined: for good. */
export type HeldCredentials = SigningCredentials & { readonly expiresAtMs?: number | undefined }

/** A signer that can be given other credentials; undefined takes them from it. */
export type RenewableSigner = Signer & {
  readonly renew: (credentials: HeldCredentials | undefined) => void
}

/** The signer of a mirror for which nobody has looked for credentials. */
export const signerOfNobody: Signer = {
  isReady: () => false,
  sign: () => {
    throw new Error(noCredentials)
  },
  hear: () => {},
}

const noCredentials = 'wanted credentials to sign addresses with, got none'

/** What is left of an address is to be enough to begin to read, which is all that it takes. */
const leastMs = 30_000

export type SignerDeps = {
  /** How long an address holds, in seconds; less where the credentials do not hold for so long. */
  readonly urlSeconds: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly startSignature?: StartSignature
}

/** Makes a signer that has no credentials yet. */
export function createSigner(
  place: SignedPlace,
  { urlSeconds, now, startSignature }: SignerDeps,
): RenewableSigner {
  let presign: Presign | undefined
  let expiresAtMs = Infinity
  let isRefused = false

  return {
    isReady: () => presign !== undefined && !isRefused && expiresAtMs - now() >= leastMs,
    sign(method, path) {
      const nowMs = now()
      const leftSeconds = Math.floor((expiresAtMs - nowMs) / 1000)
      if (presign === undefined || leftSeconds < 1) throw new Error(noCredentials)
      // The store refuses a signature whose credentials are over, whatever it says of itself.
      return presign(method, path, nowMs, Math.min(urlSeconds, leftSeconds))
    },
    hear(status) {
      // S3 says 400 of a token that is over and 301 of another region: what it takes is 200 or missing.
      if (status === 429 || status >= 500) return
      isRefused = status >= 300 && status !== 404
    },
    renew(credentials) {
      presign = credentials && createPresigner(place, credentials, startSignature)
      expiresAtMs = credentials?.expiresAtMs ?? Infinity
      isRefused = false
    },
  }
}
