import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchAgent } from '../../../src/proxy/mirror-watch/ask.ts'
import { service } from './netns.ts'
import type { Stoppable } from './process.ts'

/** What is wrong with something that nearport or its clients ask. */
export type Fault =
  /** Nobody listens. */
  | { readonly kind: 'stopped' }
  /** It takes a connection and never answers. */
  | { readonly kind: 'hangs' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'refuses'; readonly status: number }
  /** Something else comes for these paths. */
  | { readonly kind: 'lies'; readonly body: (path: string) => string | undefined }
  /** Clients reach it, and nearport does not. */
  | { readonly kind: 'cut off' }

/** The address by which something is asked, which can be made to fail. */
export type Face = Stoppable & {
  readonly url: string
  /** From now on; undefined: all is well again. */
  readonly suffer: (fault: Fault | undefined) => Promise<void>
  /** Digests of the blobs that clients read here since the last call. */
  readonly takeBlobs: () => readonly string[]
}

/** Starts one in front of a server (its address, with a path or without) or of a document's text. */
export async function startFace(
  port: number,
  target: string | (() => string),
  rewrite: (header: string) => string = (header) => header,
): Promise<Face> {
  let fault: Fault | undefined
  let blobs: string[] = []
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing)
  })
  const close = async () => {
    if (!server.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  const listen = async () => {
    if (server.listening) return
    await new Promise<void>((resolve) => server.listen(port, '::', resolve))
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = incoming.url!
    if (fault?.kind === 'hangs') return
    if (fault?.kind === 'slow') await sleep(fault.delayMs)
    if (fault?.kind === 'cut off' && isOurs(incoming)) return void incoming.socket.destroy()
    if (fault?.kind === 'refuses') return void outgoing.writeHead(fault.status).end()
    const lie = fault?.kind === 'lies' ? fault.body(path) : undefined
    const text = lie ?? (typeof target === 'string' ? undefined : target())
    if (text !== undefined) return void outgoing.end(text)
    note(incoming, path)
    pass(`${String(target)}${path}`, incoming, outgoing)
  }

  function note({ method, headers }: IncomingMessage, path: string): void {
    const digest = /sha256(?::|%3A)[0-9a-f]{64}$/.exec(path)?.[0]
    const isManifest = path.includes('/manifests/')
    if (digest === undefined || isManifest || method !== 'GET') return
    if (headers['user-agent'] !== watchAgent) blobs.push(digest.replace('%3A', ':'))
  }

  function pass(url: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, headers } = incoming
    const asking = request(url, { method, headers }, (came) => {
      const challenge = came.headers['www-authenticate']
      outgoing.writeHead(came.statusCode!, {
        ...came.headers,
        ...(challenge !== undefined && { 'www-authenticate': rewrite(challenge) }),
      })
      came.pipe(outgoing)
    })
    asking.on('error', () => outgoing.destroy())
    asking.end()
  }

  await listen()
  return {
    url: `http://${service.names.both}:${port}`,
    stop: close,
    async suffer(next) {
      fault = next
      if (next?.kind === 'stopped') return close()
      // What was kept open before, or hangs, is to see the change.
      server.closeAllConnections()
      await listen()
    },
    takeBlobs() {
      const taken = blobs
      blobs = []
      return taken
    },
  }
}

/** nearport runs on the service's host; clients do not. */
function isOurs({ socket }: IncomingMessage): boolean {
  const from = socket.remoteAddress?.replace(/^::ffff:/, '')
  return from === service.v4 || from === service.v6
}
