import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { Environment } from '../bucket/bucket-client.ts'
import type { Credentials } from './upstream-credentials.ts'
import { UpstreamError } from './upstream-error.ts'

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
})

const dockerConfig = z.object({
  auths: z.record(z.string(), entry).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
})

type DockerConfig = z.output<typeof dockerConfig>

/** How a helper is asked; a test has another deadline. */
export type HelperSettings = { readonly deadlineMs: number }

/**
 * What docker's own configuration has for a host: in $DOCKER_CONFIG or ~/.docker, from its
 * credential helper or in the file itself. Undefined where it has nothing. Rejects with
 * UpstreamError `credentials`, naming the file or the helper.
 */
export async function readDockerCredentials(
  host: string,
  env: Environment,
  { deadlineMs }: HelperSettings = { deadlineMs: 10_000 },
): Promise<Credentials | undefined> {
  const folder = env['DOCKER_CONFIG'] || (env['HOME'] && join(env['HOME'], '.docker'))
  if (!folder) return undefined
  const path = join(folder, 'config.json')
  const config = await readConfig(path)
  if (config === undefined) return undefined

  const names = namesOf(host)
  const helper = pick(config.credHelpers, names)
  const asked = helper?.value ?? config.credsStore
  if (asked !== undefined && asked !== '') {
    const given = await askHelper(asked, helper?.key ?? names[0]!, env, deadlineMs)
    // docker too looks into the file where the store has nothing.
    if (given !== undefined || helper !== undefined) return given
  }
  const found = pick(config.auths, names)
  return found === undefined ? undefined : credentialsOf(found.value, `${path} for ${found.key}`)
}

async function readConfig(path: string): Promise<DockerConfig | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(`${path} could not be read: ${code}`)
  }
  // Neither parser's message may be shown: both quote the text.
  const parsed = dockerConfig.safeParse(jsonOf(text))
  if (!parsed.success) throw unreadable(`wanted docker’s configuration in ${path}, got other text`)
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The names that docker login writes a host under, the one it uses today first. */
function namesOf(host: string): readonly string[] {
  const isHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host)
  if (isHub) return ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', host]
  return [host, `https://${host}`, `http://${host}`]
}

/** Keys come with schemes, versions and slashes: the host alone is compared, where no key fits. */
function pick<T>(
  entries: Readonly<Record<string, T>>,
  names: readonly string[],
): { readonly key: string; readonly value: T } | undefined {
  const key =
    names.find((name) => Object.hasOwn(entries, name)) ??
    Object.keys(entries).find((each) => names.includes(bare(each)))
  return key === undefined ? undefined : { key, value: entries[key]! }
}

function bare(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')
}

function credentialsOf(found: z.output<typeof entry>, where: string): Credentials | undefined {
  if (found.identitytoken) return { kind: 'identity-token', token: found.identitytoken }
  if (found.username && found.password) {
    return { kind: 'password', user: found.username, password: found.password }
  }
  // What docker logout, or a helper that has the rest, leaves.
  if (!found.auth) return undefined
  // docker pads what it wrote with zeros.
  const text = Buffer.from(found.auth, 'base64').toString().replace(/\0+$/, '')
  const colon = text.indexOf(':')
  if (colon < 1) throw unreadable(`wanted user:password in the auth of ${where}, got other text`)
  return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) }
}

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() })

async function askHelper(
  name: string,
  host: string,
  env: Environment,
  deadlineMs: number,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`
  // It is looked for in PATH, and may name no place of its own.
  if (!/^[\w.-]+$/.test(name)) throw unreadable('wanted the name of a credential helper')
  const { error, output } = await run(program, host, env, deadlineMs)
  if (error !== undefined) {
    if (/credentials not found|no credentials/i.test(output)) return undefined
    const got =
      error.killed === true ? `no answer in ${deadlineMs} ms` : `exit ${String(error.code)}`
    throw unreadable(`wanted the credentials of ${host} from ${program}, got ${got}`)
  }
  const parsed = helperAnswer.safeParse(jsonOf(output))
  if (!parsed.success) {
    throw unreadable(`wanted the credentials of ${host} from ${program}, got other text`)
  }
  const { Username: user, Secret: secret } = parsed.data
  if (user === '' && secret === '') return undefined
  if (user === '<token>') return { kind: 'identity-token', token: secret }
  return { kind: 'password', user, password: secret }
}

type HelperError = { readonly killed?: boolean | undefined; readonly code?: unknown }

function run(
  program: string,
  input: string,
  env: Environment,
  timeout: number,
): Promise<{ readonly error: HelperError | undefined; readonly output: string }> {
  return new Promise((resolve) => {
    const options = { env, timeout, killSignal: 'SIGKILL', maxBuffer: 1024 * 1024 } as const
    const child = execFile(program, ['get'], options, (error, stdout) => {
      resolve({ error: error ?? undefined, output: stdout })
    })
    // One that does not read, or is not there, breaks the pipe: its exit says what was wrong.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

function unreadable(message: string): UpstreamError {
  return new UpstreamError('credentials', message)
}
