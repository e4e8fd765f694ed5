import { bareAddress } from '../../core/address.ts'
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
}

/** Answers an operator; undefined: it is none, and gets what any client gets for such a path. */
export type WorkerOperators = (request: Request) => Promise<Response | undefined>

/**
 * What operators ask of the Worker, which has no port of its own for them: `livez`, `readyz` and
 * `explain?ip=…&path=…`, of the one isolate that answers. Whoever does not send the token as
 * `Authorization: Bearer …` is not told that there is anything to ask.
 */
export function createWorkerOperators(deps: WorkerOperatorsDeps): WorkerOperators {
  const { token } = deps
  return async (request) => {
    if (token === undefined || token === '' || !(await isSame(bearerOf(request), token))) {
      return undefined
    }
    if (request.method !== 'GET') return undefined
    const url = new URL(request.url)
    switch (url.pathname.slice(operatorsPath.length)) {
      case 'livez':
        return answer('ok\n')
      case 'readyz':
        // An old index or none is told, and no reason to send clients away: they get the upstream.
        return answer(JSON.stringify({ ready: true, ...deps.details() }), 'application/json')
      case 'explain':
        return explain(url.searchParams, deps.explain)
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

function answer(text: string, type = 'text/plain; charset=utf-8', status = 200): Response {
  return new Response(text, {
    status,
    headers: { 'Content-Type': type, 'Cache-Control': 'no-store' },
  })
}

function bearerOf(request: Request): string {
  return /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
}

/** Compares digests, and all of them: how long it takes says nothing of the token. */
async function isSame(given: string, wanted: string): Promise<boolean> {
  const [a, b] = await Promise.all([given, wanted].map(sha256))
  return a!.reduce((differs, byte, at) => differs | (byte ^ b![at]!), 0) === 0
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}
