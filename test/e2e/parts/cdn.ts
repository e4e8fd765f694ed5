import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Digest } from '../../../src/core/digest.ts'
import { service } from './netns.ts'
import type { Stoppable } from './process.ts'

/** Who came for which blob. */
export type CdnRequest = {
  readonly client: string
  readonly digest: Digest
  readonly hasAuthorization: boolean
}

/** Where a registry sends its clients for blobs, and who came so far: it may be emptied. */
export type Cdn = Stoppable & { readonly url: string; readonly requests: CdnRequest[] }

/** Serves the blobs in a registry's folder to whoever knows the address. */
export async function startCdn(port: number, folder: string): Promise<Cdn> {
  const requests: CdnRequest[] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname
    const hex = /^\/docker\/registry\/v2\/blobs\/sha256\/..\/([0-9a-f]{64})\/data$/.exec(path)?.[1]
    if (hex === undefined) {
      response.writeHead(404).end()
      return
    }
    // nearport asks as well, for the size of what a HEAD is for: it stands on the same host.
    const client = request.socket.remoteAddress!.replace(/^::ffff:/, '')
    const hasAuthorization = request.headers.authorization !== undefined
    requests.push({ client, digest: `sha256:${hex}` as Digest, hasAuthorization })
    const bytes = readFileSync(join(folder, path))
    response.writeHead(200, { 'content-length': bytes.length })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, resolve)
  })
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://${service.names.both}:${port}`, requests, stop }
}
