import type { Handler } from './observe.ts'
import { registryError } from './registry-answer.ts'

/** What registries do with blobs and links that the specification neither asks for nor forbids. */
export type RegistryQuirks = {
  /** Blobs are at signed addresses of their own, which want no token; default: sent at once. */
  readonly signed?: {
    /** Scheme and host of the addresses; default: they are relative, as Artifact Registry's are. */
    readonly at?: () => string
    /** Default: 307. */
    readonly status?: 302 | 307
    /** On the redirect, as Quay says `max-age=31536000` of an address that lives for minutes. */
    readonly cacheControl?: string
    /** Smaller blobs are sent at once; default: none. */
    readonly inlineBelowBytes?: number
  }
  /**
   * What a blob's HEAD gets: the answer (the default), a redirect that is signed for HEAD alone, or
   * a refusal, as ECR Public's 401 (distribution#4383).
   */
  readonly blobHead?: 'direct' | 'signed' | 401 | 405
  /** Quay's source makes absolute ones; default: relative. */
  readonly links?: 'absolute' | 'relative'
}

const signedPath = '/signed/'

/**
 * Gives a registry quirks. `guarded` is the registry with its auth, `open` the one behind it, which
 * serves what is at a signed address.
 */
export function withQuirks(guarded: Handler, open: Handler, quirks: RegistryQuirks): Handler {
  const { signed, blobHead = 'direct', links } = quirks
  /** By signature: `METHOD path`. */
  const signatures = new Map<string, string>()

  return async (request) => {
    const url = new URL(request.url)
    if (url.pathname.startsWith(signedPath)) return serveSigned(request, url)
    const answer = await guarded(request)
    if (links === 'absolute') makeAbsolute(answer.headers, url)
    const isBlob = /\/blobs\/[^/]+$/.test(url.pathname) && answer.ok
    if (!isBlob) return answer
    if (request.method === 'HEAD') {
      if (blobHead === 'direct') return answer
      if (blobHead === 'signed') return redirect('HEAD', url, answer)
      return registryError(blobHead === 401 ? 'UNAUTHORIZED' : 'UNSUPPORTED', 'no HEAD here')
    }
    if (signed === undefined || sizeOf(answer) < (signed.inlineBelowBytes ?? 0)) return answer
    return redirect('GET', url, answer)
  }

  async function serveSigned(request: Request, url: URL): Promise<Response> {
    const [method, path] = (signatures.get(url.searchParams.get('signature') ?? '') ?? '').split(
      ' ',
    )
    // As S3: whoever signs twice is refused, and so is a signature for another method.
    if (request.headers.has('authorization')) return new Response(null, { status: 400 })
    if (method !== request.method) return new Response(null, { status: 403 })
    const { headers } = request
    const answer = await open(new Request(new URL(path!, url), { method, headers }))
    answer.headers.delete('docker-content-digest')
    return answer
  }

  function redirect(method: string, url: URL, answer: Response): Response {
    const signature = crypto.randomUUID()
    signatures.set(signature, `${method} ${url.pathname}`)
    const path = `${signedPath}${url.pathname.split('/').at(-1)}?signature=${signature}`
    return new Response(null, {
      status: signed?.status ?? 307,
      headers: {
        Location: `${signed?.at?.() ?? ''}${path}`,
        'Content-Length': '0',
        'Docker-Content-Digest': answer.headers.get('docker-content-digest')!,
        ...(signed?.cacheControl === undefined ? {} : { 'Cache-Control': signed.cacheControl }),
      },
    })
  }
}

function sizeOf({ headers }: Response): number {
  return Number(headers.get('content-range')?.split('/')[1] ?? headers.get('content-length'))
}

function makeAbsolute(headers: Headers, url: URL): void {
  const link = headers.get('link')
  if (link !== null) headers.set('Link', link.replace(/^</, `<${url.origin}`))
}
