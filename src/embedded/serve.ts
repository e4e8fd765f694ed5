import type { AddressInfo } from 'node:net'
import { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Handler } from './observe.ts'

/**
 * A handler on a real port. `url` has no slash at its end; `close` also ends connections that are
 * open.
 */
export type Served = {
  readonly url: string
  readonly port: number
  readonly close: () => Promise<void>
}

export type ServeOptions = {
  /** 0, the default, takes any free port. */
  readonly port?: number
  /** Loopback unless told otherwise. */
  readonly host?: string
}

/**
 * Serves an embedded registry or store over HTTP/1.1. Rejects with Node's own error when the port
 * is taken.
 */
export async function serveEmbedded(handler: Handler, options: ServeOptions = {}): Promise<Served> {
  const { port = 0, host = '127.0.0.1' } = options
  // Its own faster Request and Response would replace the global ones for the whole process.
  const server = createAdaptorServer({ fetch: handler, overrideGlobalObjects: false })
  if (!(server instanceof Server)) throw new Error('wanted an HTTP/1.1 server, and got another')

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close: () => closeServer(server),
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
    server.closeAllConnections()
  })
}
