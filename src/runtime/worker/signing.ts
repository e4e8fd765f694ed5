import type { Config } from '../../config.ts'
import { ConfigError } from '../../config/error.ts'
import type { Environment } from '../../core/signing/presign-credentials.ts'
import { giveSigners } from '../mirrors/mirror-signers.ts'

/**
 * Gives the private mirrors of a Worker their signers. Its credentials are secrets of the Worker: it
 * has no role that would lend it any. Throws where they are not in the environment. The Web hashes
 * asynchronously alone, so that it signs without it.
 */
export function signWorkerMirrors(given: Config, env: Environment, now: () => number): Config {
  const { config, lacking } = giveSigners(given, { env, now })
  if (lacking.length === 0) return config
  const problems = lacking.map(({ id }) => {
    return `${id}: wanted its credentials or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY as secrets, as it is private, got none`
  })
  throw new ConfigError('the environment', problems)
}
