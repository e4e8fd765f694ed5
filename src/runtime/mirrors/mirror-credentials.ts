import type { Config } from '../../config.ts'
import type { CredentialsEvent } from '../../core/event.ts'
import type { Environment } from '../../core/signing/presign-credentials.ts'
import type { HeldCredentials } from '../../core/signing/presign-signer.ts'
import { within } from '../../proxy/within.ts'
import { nativeSignature } from './mirror-signature.ts'
import type { Signed } from './mirror-signers.ts'
import { giveSigners } from './mirror-signers.ts'

/** What signs the addresses of private mirrors. */
export type Signing = {
  /** The configuration, with signers in its private mirrors. */
  readonly config: Config
  /**
   * Looks for credentials that are lent, and for others before they are over. Resolves once the
   * first look is over, whatever came of it, or takes too long, with the function that ends it all.
   */
  readonly start: (record: (event: CredentialsEvent) => void) => Promise<() => void>
}

export type SigningDeps = {
  readonly env: Environment
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Where credentials are looked for that the environment has none of; default: as the AWS SDK does. */
  readonly openSearch?: () => Promise<() => Promise<HeldCredentials>>
}

/** Without credentials clients are sent elsewhere, which is sound: nobody waits for them longer. */
const firstLookMs = 3000
/** How often is looked again: the SDK asks anew for what holds for less than five minutes. */
const againMs = 60_000
const soonerMs = 10_000
/** The SDK would wait for ever for one who is silent, and credentials would end meanwhile. */
const longestLookMs = 30_000

/**
 * Gives the private mirrors of a configuration their signers, with credentials from the environment,
 * else those of the profile, the container or the instance, as the AWS SDK finds them. Throws where
 * the environment lacks those that a mirror names.
 */
export function createSigning(
  given: Config,
  { env, now, openSearch = openSdk }: SigningDeps,
): Signing {
  const { config, lacking } = giveSigners(given, { env, now, startSignature: nativeSignature })
  return {
    config,
    start: async (record) =>
      lacking.length === 0 ? () => {} : startLooking(lacking, openSearch, now, record),
  }
}

async function startLooking(
  lacking: Signed['lacking'],
  openSearch: () => Promise<() => Promise<HeldCredentials>>,
  now: () => number,
  record: (event: CredentialsEvent) => void,
): Promise<() => void> {
  const mirrors = lacking.map(({ id }) => id)
  let find: (() => Promise<HeldCredentials>) | undefined
  let held: HeldCredentials | undefined
  let outcome: CredentialsEvent['outcome'] | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const tell = (next: CredentialsEvent['outcome'], problem?: string) => {
    if (next === outcome) return
    outcome = next
    const event = { event: 'mirror-credentials', timeMs: now(), outcome: next, mirrors } as const
    record(problem === undefined ? event : { ...event, problem })
  }
  const look = async () => {
    try {
      find ??= await openSearch()
      const found = await within(longestLookMs, find(), () => undefined)
      if (found === undefined) throw new Error(`no answer in ${longestLookMs} ms`)
      if (!isSame(found, held)) for (const { signer } of lacking) signer.renew(found)
      held = found
      tell('found')
    } catch (error) {
      // What there was is used for as long as it holds.
      tell('missing', (error as Error).message.slice(0, 300))
    }
    if (stopped) return
    timer = setTimeout(() => void look(), outcome === 'found' ? againMs : soonerMs)
    timer.unref()
  }
  let waiting: NodeJS.Timeout | undefined
  const longEnough = new Promise<void>((resolve) => (waiting = setTimeout(resolve, firstLookMs)))
  await Promise.race([look(), longEnough])
  clearTimeout(waiting)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

function isSame(a: HeldCredentials, b: HeldCredentials | undefined): boolean {
  return (
    a.accessKeyId === b?.accessKeyId &&
    a.sessionToken === b.sessionToken &&
    a.expiresAtMs === b.expiresAtMs
  )
}

/** The SDK is loaded only by whoever needs it: it takes longer than all the rest of a start. */
async function openSdk(): Promise<() => Promise<HeldCredentials>> {
  const { S3Client } = await import('@aws-sdk/client-s3')
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const { config } = new S3Client({ region: 'us-east-1', logger: silent })
  return async () => {
    const found = await config.credentials()
    return { ...found, expiresAtMs: found.expiration?.getTime() }
  }
}
