import type { Environment } from '../bucket/bucket-client.ts'
import { readDockerCredentials } from './docker-config.ts'
import { UpstreamError } from './upstream-error.ts'

/** Who is asking. An identity token is what a login left in the place of a password. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string }

/**
 * The credentials for a registry: PREFIX_USERNAME and PREFIX_PASSWORD where a prefix is configured,
 * else docker's; undefined: none. Rejects with UpstreamError `credentials`, which says where they
 * were looked for and never what they are.
 */
export async function findCredentials(
  registry: string,
  prefix: string | undefined,
  env: Environment,
): Promise<Credentials | undefined> {
  if (prefix === undefined) return readDockerCredentials(new URL(registry).host, env)
  const read = (name: string): string => {
    const value = env[name]
    if (value !== undefined && value !== '') return value
    const got = value === '' ? 'an empty one' : 'none'
    throw new UpstreamError('credentials', `wanted ${name} in the environment, got ${got}`)
  }
  return {
    kind: 'password',
    user: read(`${prefix}_USERNAME`),
    password: read(`${prefix}_PASSWORD`),
  }
}

/** The Authorization header of a user and a password. */
export function basicHeader({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
