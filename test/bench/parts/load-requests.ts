import type { Expected } from './load-answer.ts'
import type { WireRequest } from './load-connection.ts'
import type { LoadBlob, Place } from './load-world.ts'
import { expectedLocation, upstream } from './load-world.ts'

/** A request ready to be sent, and what must come of it. */
export type LoadRequest = WireRequest & { readonly kind: LoadKind; readonly expected: Expected }

export type LoadKind =
  | 'blob, held'
  | 'blob, in no mirror'
  | 'HEAD, size known'
  | 'part of a blob'
  | 'manifest'
  | '/v2/'
  | 'refused'

/** Whose request it is: `address` is sent, and `place` is where that is, if it is anywhere. */
export type Client = { readonly address: string; readonly place: Place | undefined }

const accept = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  '*/*',
].join(', ')

/** A request for a blob; `more` are header lines, each with its end. */
export function blobRequest(
  kind: LoadKind,
  client: Client,
  repository: string,
  blob: LoadBlob,
  bucketUrl: string,
  more = '',
): LoadRequest {
  const location = expectedLocation(client.place, repository, blob, bucketUrl)
  const target = `/v2/${repository}/blobs/${blob.digest}`
  const bytes = requestBytes('GET', target, client.address, more)
  return { kind, bytes, isHead: false, expected: { status: 307, location, contentLength: 0 } }
}

/** A `HEAD` of a blob that the index knows: it is answered with no hop, wherever the client is. */
export function sizeRequest(client: Client, repository: string, blob: LoadBlob): LoadRequest {
  const bytes = requestBytes('HEAD', `/v2/${repository}/blobs/${blob.digest}`, client.address)
  const expected = { status: 200, contentLength: blob.sizeBytes }
  return { kind: 'HEAD, size known', bytes, isHead: true, expected }
}

/** A manifest by tag or digest: always the upstream's, and containerd's `ns` stays behind. */
export function manifestRequest(
  method: 'GET' | 'HEAD',
  client: Client,
  repository: string,
  reference: string,
  ns = '',
): LoadRequest {
  const path = `/v2/${repository}/manifests/${reference}`
  const bytes = requestBytes(method, path + ns, client.address, `Accept: ${accept}\r\n`)
  const location = `${upstream.registry}${path}`
  return {
    kind: 'manifest',
    bytes,
    isHead: method === 'HEAD',
    expected: { status: 307, location, contentLength: 0 },
  }
}

export function versionRequest(client: Client): LoadRequest {
  const bytes = requestBytes('GET', '/v2/', client.address)
  return { kind: '/v2/', bytes, isHead: false, expected: { status: 200 } }
}

/** What is no pull, and the status that it gets. */
export function refusedRequest(
  status: number,
  method: string,
  target: string,
  client: Client,
  body?: string,
): LoadRequest {
  const more = body === undefined ? '' : `Content-Length: ${body.length}\r\n`
  const bytes = requestBytes(method, target, client.address, more, body)
  return { kind: 'refused', bytes, isHead: false, expected: { status } }
}

/** A request as a client behind one load balancer sends it. */
export function requestBytes(
  method: string,
  target: string,
  address: string,
  more = '',
  body = '',
): Buffer {
  const head = [
    `${method} ${target} HTTP/1.1`,
    'Host: registry.example',
    'User-Agent: containerd/2.1.4',
    'Accept-Encoding: gzip',
    // What a client claims stands to the left of what the load balancer saw.
    `X-Forwarded-For: 198.51.100.7, ${address}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n${more}\r\n${body}`, 'latin1')
}
