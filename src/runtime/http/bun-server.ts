/** What is used of Bun's server: its types would come with globals that are not Node's. */
export type BunServer = {
  readonly port: number
  /** Whoever sent a request; null once that connection is gone. */
  readonly requestIP: (request: Request) => { readonly address: string } | null
  /** How long nothing may come or go on a request's connection, in seconds; 255 at most. */
  readonly timeout: (request: Request, seconds: number) => void
  /**
   * Takes no more connections and ends idle ones; resolves when the requests under way are answered.
   * With `true` it ends those too.
   */
  readonly stop: (closeActiveConnections?: boolean) => Promise<void>
}

export type BunServeOptions = {
  /** undefined: every address, IPv6 and IPv4. */
  readonly hostname: string | undefined
  readonly port: number
  /** In seconds. */
  readonly idleTimeout: number
  readonly maxRequestBodySize: number
  readonly reusePort: boolean
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined
  readonly fetch: (request: Request, server: BunServer) => Response | Promise<Response>
  readonly error: (error: Error) => Response
}

/** Opens a server of Bun's. Throws where the port cannot be had. */
export function serve(options: BunServeOptions): BunServer {
  const { Bun } = globalThis as unknown as {
    readonly Bun: { readonly serve: (options: BunServeOptions) => BunServer }
  }
  return Bun.serve(options)
}
