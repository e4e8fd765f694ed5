import type { SigningCredentials } from './presign.ts'

/** The environment, as far as credentials are in it. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The credentials whose names in the environment begin with `prefix`, as in `R2_ACCESS_KEY_ID`,
 * `R2_SECRET_ACCESS_KEY` and, where they are lent, `R2_SESSION_TOKEN`. Throws an Error naming what
 * is missing, or is not of printable ASCII characters: it would sign what no store takes.
 */
export function readCredentials(prefix: string, env: Environment): SigningCredentials {
  const sessionToken = env[`${prefix}_SESSION_TOKEN`]
  return {
    accessKeyId: readName(`${prefix}_ACCESS_KEY_ID`, env),
    secretAccessKey: readName(`${prefix}_SECRET_ACCESS_KEY`, env),
    ...(sessionToken === undefined || sessionToken === ''
      ? {}
      : { sessionToken: readName(`${prefix}_SESSION_TOKEN`, env) }),
  }
}

/** The AWS SDK's own names for them; undefined where they are not there. */
export function readUsualCredentials(env: Environment): SigningCredentials | undefined {
  const isThere = ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].every((end) => env[`AWS_${end}`])
  return isThere ? readCredentials('AWS', env) : undefined
}

function readName(name: string, env: Environment): string {
  const value = env[name]
  if (value === undefined || value === '') {
    const got = value === '' ? 'an empty one' : 'none'
    throw new Error(`wanted ${name} in the environment, got ${got}`)
  }
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new Error(`wanted ${name} of printable ASCII characters, got others`)
  }
  return value
}
