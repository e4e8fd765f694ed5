import type { Config, ConfiguredMirror } from '../../config.ts'
import type { Environment } from '../../core/signing/presign-credentials.ts'
import { readCredentials, readUsualCredentials } from '../../core/signing/presign-credentials.ts'
import type { SigningCredentials } from '../../core/signing/presign.ts'
import type { RenewableSigner, SignerDeps } from '../../core/signing/presign-signer.ts'
import { createSigner } from '../../core/signing/presign-signer.ts'

/** A configuration whose private mirrors have signers, and which of these lack credentials. */
export type Signed = {
  readonly config: Config
  readonly lacking: readonly { readonly id: string; readonly signer: RenewableSigner }[]
}

export type SignersDeps = Omit<SignerDeps, 'urlSeconds'> & { readonly env: Environment }

/**
 * Gives the private mirrors of a configuration their signers, with credentials from the environment:
 * by the mirror's own names, else the AWS SDK's. Throws where the environment lacks those that a
 * mirror names: it would else send everybody to the upstream, and nobody would know why.
 */
export function giveSigners(config: Config, { env, ...deps }: SignersDeps): Signed {
  if (config.mirrors.every(({ signer }) => signer === undefined)) return { config, lacking: [] }
  const lacking: { readonly id: string; readonly signer: RenewableSigner }[] = []
  const mirrors = config.mirrors.map((mirror): ConfiguredMirror => {
    const { id, publicUrl, store } = mirror
    if (store.urlSeconds === undefined) return mirror
    const place = { url: publicUrl, region: store.signingRegion }
    const signer = createSigner(place, { ...deps, urlSeconds: store.urlSeconds })
    const credentials = inEnvironment(store.credentials, env)
    if (credentials === undefined) lacking.push({ id, signer })
    else signer.renew(credentials)
    return { ...mirror, signer }
  })
  return { config: { ...config, mirrors }, lacking }
}

function inEnvironment(
  prefix: string | undefined,
  env: Environment,
): SigningCredentials | undefined {
  if (prefix !== undefined) return readCredentials(prefix, env)
  // These are over some time, and the SDK reads when.
  return env['AWS_CREDENTIAL_EXPIRATION'] ? undefined : readUsualCredentials(env)
}
