import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Digest } from '../../../src/core/digest.ts'
import { watchAgent } from '../../../src/proxy/mirror-watch/ask.ts'
import { answers, startProcess, type Stoppable, waitUntil } from './process.ts'

/** A bucket's public face: the URL that clients are sent to, and the log of who came. */
export type MirrorFace = { readonly bucket: string; readonly url: string; readonly log: string }

/**
 * One request to a mirror. `range` is the header's text; of Authorization only whether there was
 * one is kept.
 */
export type MirrorRequest = {
  readonly client: string
  readonly method: string
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly range: string | undefined
  readonly hasAuthorization: boolean
  readonly agent: string
}

/**
 * Starts one nginx with a server for each bucket, which passes paths on to the store untouched.
 * `host` is the name in the URLs; it listens on every address of its host, so its host has to be a
 * network namespace of ours.
 */
export async function startNginx(spec: {
  readonly host: string
  readonly directory: string
  readonly store: string
  readonly mirrors: readonly { readonly bucket: string; readonly port: number }[]
  /**
   * Whether the store itself is what is served, under its own paths and with the Host that was asked,
   * as signatures want it; default: the bucket is at the root.
   */
  readonly isSigned?: boolean
}): Promise<Stoppable & { readonly mirrors: readonly MirrorFace[] }> {
  const { directory } = spec
  await mkdir(directory, { recursive: true })
  const faces = spec.mirrors.map(({ bucket, port }) => ({
    bucket,
    port,
    url: `http://${spec.host}:${port}`,
    log: join(directory, `${bucket}.access.log`),
  }))
  const servers = faces.map(({ bucket, port, log }) => {
    const pass = spec.isSigned
      ? `proxy_set_header Host $http_host; proxy_pass ${spec.store}`
      : `proxy_pass ${spec.store}/${bucket}`
    return server(port, log, pass)
  })
  const config = join(directory, 'nginx.conf')
  await writeFile(config, configuration(directory, servers))

  const { stop } = await startProcess({
    name: 'nginx',
    command: ['nginx', '-p', directory, '-c', config, '-e', join(directory, 'error.log')],
    logs: directory,
    ready: async () => {
      await Promise.all(faces.map(({ url }) => answers(`${url}${markPath}ready`)))
      return true
    },
  })
  return { mirrors: faces.map(({ bucket, url, log }) => ({ bucket, url, log })), stop }
}

const markPath = '/mark/'
let marks = 0

/**
 * What a mirror was asked so far, oldest first. A request of our own, awaited in the log, stands
 * for "so far": the one worker logs a request before it takes up the next.
 */
export async function readMirrorLog(mirror: MirrorFace): Promise<MirrorRequest[]> {
  const mark = `${markPath}${process.pid}-${marks++}`
  await answers(mirror.url + mark)
  let text = ''
  await waitUntil(`${mark} in ${mirror.log}`, async () => {
    text = await readFile(mirror.log, 'utf8')
    return text.includes(`"${mark}"`)
  })
  return (
    text
      .split('\n')
      .filter(Boolean)
      .map(parseLine)
      .filter(({ path }) => !path.startsWith(markPath))
      // A running nearport asks all the while whether the mirror serves.
      .filter(({ agent }) => agent !== watchAgent)
  )
}

/**
 * Digests of the blobs that GET requests in these lines were answered with, under the default
 * layout of a bucket.
 */
export function blobsOf(requests: readonly MirrorRequest[]): Digest[] {
  return requests
    .filter(({ method, status }) => method === 'GET' && (status === 200 || status === 206))
    .flatMap(({ path }) => {
      const hex = /^\/containers\/images\/sha256(?::|%3A)([0-9a-f]{64})$/.exec(path)?.[1]
      return hex === undefined ? [] : [`sha256:${hex}` as Digest]
    })
}

function parseLine(line: string): MirrorRequest {
  const { range, status, bytes, authorization, ...rest } = JSON.parse(line) as Record<
    'client' | 'method' | 'path' | 'status' | 'bytes' | 'range' | 'authorization' | 'agent',
    string
  >
  return {
    ...rest,
    status: Number(status),
    bytes: Number(bytes),
    range: range === '' ? undefined : range,
    hasAuthorization: authorization === 'yes',
  }
}

function server(port: number, log: string, pass: string): string {
  return `server {
    listen 0.0.0.0:${port};
    listen [::]:${port} ipv6only=on;
    access_log ${log} mirror;
    location ${markPath} { return 204; }
    # $request_uri is the path as it came: no decoding, no folding.
    location / { ${pass}$request_uri; }
  }`
}

/** One worker, in the foreground, with nothing outside its folder. */
function configuration(directory: string, servers: readonly string[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  )
  return `daemon off;
user root;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
  ${temporary.join('\n  ')}
  map $http_authorization $authorization { default yes; '' no; }
  log_format mirror escape=json '{"client":"$remote_addr","method":"$request_method","path":"$request_uri",'
    '"status":"$status","bytes":"$body_bytes_sent","range":"$http_range",'
    '"authorization":"$authorization","agent":"$http_user_agent"}';
  ${servers.join('\n  ')}
}
`
}
