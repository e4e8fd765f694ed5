import { bareAddress } from '../../core/address.ts'
import type { ClientHost } from '../../core/hosts.ts'
import { hostsText } from '../../core/hosts.ts'
import { explainAddress, explanationLines } from '../explain.ts'
import type { ExplainDeps } from '../explain.ts'

/** Everything operators ask is below this path, which no registry client asks for. */
export const operatorsPath = '/nearport/'

export type WorkerOperatorsDeps = {
  /** Who has it may ask; undefined or empty: nobody may. */
  readonly token: string | undefined
  /** What there is to know beside the verdict, as JSON. */
  readonly details: () => Readonly<Record<string, unknown>>
  readonly explain: ExplainDeps
  /** Every host that clients may be sent to. */
  readonly hosts: () => readonly ClientHost[]
  /** The operators' page, or a part of it, by what follows the path above. */
  readonly page: (path: string) => Promise<Response>
}

/** Answers an operator; undefined: it is none, and gets what any client gets for such a path. */
export type WorkerOperators = (request: Request) => Promise<Response | undefined>

/**
 * What operators ask of the Worker, which has no port of its own for them: `livez`, `readyz`,
 * `explain?ip=…&path=…` and `hosts`, of the one isolate that answers, and the page. Whoever does not
 * send the token, as `Authorization: Bearer …` or as a browser's password, is not told that there is
 * anything to ask; at the page itself a browser is asked for it.
 */
export function createWorkerOperators(deps: WorkerOperatorsDeps): WorkerOperators {
  const { token } = deps
  return async (request) => {
    if (token === undefined || token === '' || request.method !== 'GET') return undefined
    const url = new URL(request.url)
    const path = url.pathname.slice(operatorsPath.length)
    // No browser sends a token unless it is asked for one.
    if (!(await isSame(tokenOf(request), token))) return path === '' ? challenge() : undefined
    switch (path) {
      case '':
      case 'page.css':
      case 'page.js':
      case 'report.json':
        return deps.page(path + url.search)
      case 'livez':
        return answer('ok\n')
      case 'readyz':
        // An old index or none is told, and no reason to send clients away: they get the upstream.
        return answer(JSON.stringify({ ready: true, ...deps.details() }), 'application/json')
      case 'explain':
        // The page's own form asks for a page.
        return request.headers.get('accept')?.includes('text/html') === true
          ? deps.page(path + url.search)
          : explain(url.searchParams, deps.explain)
      case 'hosts':
        return answer(hostsText(deps.hosts()))
      case 'hosts.json':
        return answer(JSON.stringify({ hosts: deps.hosts() }), 'application/json')
      case 'metrics':
        // The page has a link to them.
        return answer(
          'a Worker has no metrics for Prometheus: ask Analytics Engine\n',
          undefined,
          404,
        )
      default:
        return undefined
    }
  }
}

async function explain(asked: URLSearchParams, deps: ExplainDeps): Promise<Response> {
  const text = asked.get('ip') ?? ''
  const path = asked.get('path') ?? ''
  const address = bareAddress(text)
  if (address === undefined) {
    return answer(`wanted an IPv4 or IPv6 address in ip, got ${text}\n`, undefined, 400)
  }
  if (!path.startsWith('/')) return answer(`wanted a path in path, got ${path}\n`, undefined, 400)
  const method = asked.get('method') ?? 'GET'
  const host = asked.get('host') ?? undefined
  const explanation = await explainAddress(method, path, address, { ...deps, host })
  return answer(`${explanationLines(address, explanation).join('\n')}\n`)
}

/** The same for the page. */
export async function explainText(
  method: string,
  path: string,
  text: string,
  deps: ExplainDeps,
): Promise<readonly string[] | { readonly problem: string }> {
  const address = bareAddress(text)
  if (address === undefined) return { problem: `wanted an IPv4 or IPv6 address, got ${text}` }
  return explanationLines(address, await explainAddress(method, path, address, deps))
}

function answer(text: string, type = 'text/plain; charset=utf-8', status = 200): Response {
  return new Response(text, {
    status,
    headers: { 'Content-Type': type, 'Cache-Control': 'no-store' },
  })
}

/** The token that came with a request: a browser sends it as a password, with any user's name. */
function tokenOf(request: Request): string {
  const given = request.headers.get('authorization') ?? ''
  const bearer = /^Bearer (.+)$/.exec(given)?.[1]
  if (bearer !== undefined) return bearer
  const basic = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(given)?.[1]
  try {
    return basic === undefined ? '' : (/^[^:]*:(.+)$/.exec(atob(basic))?.[1] ?? '')
  } catch {
    return ''
  }
}

function challenge(): Response {
  const headers = { 'WWW-Authenticate': 'Basic realm="nearport", charset="UTF-8"' }
  return new Response('wanted the token of operators as the password\n', { status: 401, headers })
}

/** Compares digests, and all of them: how long it takes says nothing of the token. */
async function isSame(given: string, wanted: string): Promise<boolean> {
  const [a, b] = await Promise.all([given, wanted].map(sha256))
  return a!.reduce((differs, byte, at) => differs | (byte ^ b![at]!), 0) === 0
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}
