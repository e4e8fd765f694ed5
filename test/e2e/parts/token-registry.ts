import { createSign, randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { answers, run, startProcess, type Stoppable } from './process.ts'
import type { Registry } from './registry.ts'

/** What the token server was asked, oldest first. */
export type TokenRequest = {
  readonly scopes: readonly string[]
  /** The name in its Basic credentials, right or wrong; undefined where there were none. */
  readonly user: string | undefined
}

/** A docker-registry that wants a token with every request, and the server that gives them. */
export type TokenRegistry = Registry & {
  readonly requests: readonly TokenRequest[]
  /** A header that lets its bearer push to a repository. */
  readonly pushHeaders: (repository: string) => Readonly<Record<string, string>>
}

export type TokenRegistrySpec = {
  readonly host: string
  /** The token server takes the port after it. */
  readonly port: number
  readonly directory: string
  /** Who may pull `private/…`; `public/…` anyone may. */
  readonly account: { readonly user: string; readonly password: string }
  /** Where clients are sent for blobs; default: it sends them itself. */
  readonly blobsAt?: string
}

type Access = { readonly type: string; readonly name: string; readonly actions: readonly string[] }

const service = 'registry.e2e.test'
const issuer = 'nearport e2e'

/**
 * Starts docker-registry with token authentication as Docker Hub and GHCR have it (distribution's
 * token.md and jwt.md: RS256, the certificate in x5c).
 */
export async function startTokenRegistry(spec: TokenRegistrySpec): Promise<TokenRegistry> {
  const { host, port, directory } = spec
  await mkdir(directory, { recursive: true })
  const mint = await createMint(directory)
  const tokens = await serveTokens(spec, mint)
  const url = `http://${host}:${port}`
  const config = join(directory, 'config.yml')
  // JSON is YAML.
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: join(directory, 'data') } },
      ...(spec.blobsAt !== undefined && {
        middleware: { storage: [{ name: 'redirect', options: { baseurl: spec.blobsAt } }] },
      }),
      http: { addr: `:${port}` },
      auth: {
        token: {
          realm: `http://${host}:${port + 1}/token`,
          service,
          issuer,
          rootcertbundle: join(directory, 'cert.pem'),
        },
      },
    }),
  )
  try {
    const { log, stop } = await startProcess({
      name: 'token-registry',
      command: ['docker-registry', 'serve', config],
      logs: directory,
      ready: () => answers(`${url}/v2/`),
    })
    return {
      url,
      log,
      requests: tokens.requests,
      pushHeaders(name) {
        const access = { type: 'repository', name, actions: ['pull', 'push'] }
        return { authorization: `Bearer ${mint([access])}` }
      },
      stop: async () => {
        await stop()
        await tokens.stop()
      },
    }
  } catch (error) {
    await tokens.stop()
    throw error
  }
}

type Mint = (access: readonly Access[]) => string

async function createMint(directory: string): Promise<Mint> {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${service}`]
  await run(['openssl', 'req', '-x509', ...made, '-keyout', key, '-out', cert])
  const privateKey = await readFile(key, 'utf8')
  const x5c = [(await readFile(cert, 'utf8')).replaceAll(/-----[^-]+-----|\s/g, '')]
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  return (access) => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const times = { iat: nowSeconds, nbf: nowSeconds - 10, exp: nowSeconds + 300 }
    const claims = { iss: issuer, sub: '', aud: service, jti: randomUUID(), ...times, access }
    const signed = `${encode({ typ: 'JWT', alg: 'RS256', x5c })}.${encode(claims)}`
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
  }
}

async function serveTokens({ port, account }: TokenRegistrySpec, mint: Mint) {
  const requests: TokenRequest[] = []
  const server = createServer((request, response) => {
    const asked = new URL(request.url!, 'http://localhost').searchParams
    const scopes = asked.getAll('scope').flatMap((text) => text.split(' '))
    const given = credentialsOf(request)
    requests.push({ scopes, user: given?.user })
    const isKnown = given?.user === account.user && given.password === account.password
    response.setHeader('content-type', 'application/json')
    if (asked.get('service') !== service || (given !== undefined && !isKnown)) {
      response.writeHead(401)
      response.end(JSON.stringify({ details: 'incorrect username or password' }))
      return
    }
    // As Docker Hub does: a token for less than was asked for, and no error.
    const access = scopes.flatMap((scope) => {
      const [type = '', name = '', actions = ''] = scope.split(':')
      const may = isKnown || name.startsWith('public/')
      const pull = actions.split(',').filter((action) => action === 'pull')
      return may && type === 'repository' ? [{ type, name, actions: pull }] : []
    })
    response.end(JSON.stringify({ token: mint(access), expires_in: 300 }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port + 1, resolve)
  })
  const part: Stoppable = {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return { requests, ...part }
}

function credentialsOf({ headers }: IncomingMessage) {
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (basic === undefined) return undefined
  const [, user, password] = /^([^:]*):([^]*)$/.exec(Buffer.from(basic, 'base64').toString()) ?? []
  return { user, password }
}
