import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { mediaTypes } from '../../e2e/parts/layout.ts'
import { createSyntheticImages, digestOf } from './synthetic-images.ts'

// A registry in a process of its own, whose answers are computed from what is asked. `--kind` says
// how it lists tags: `plain` all at once, `paged` a hundred at a time, `google` with the digests and
// media types of all manifests, as Artifact Registry does. GET /asked says what it was asked since.

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    kind: { type: 'string', default: 'plain' },
    repositories: { type: 'string', default: '200' },
    tags: { type: 'string', default: '500' },
  },
})
const { kind } = values
const images = createSyntheticImages(Number(values.repositories), Number(values.tags))
const digests = Array.from({ length: images.repositories * images.tagsEach }, (_, image) =>
  digestOf(images.manifest(image)),
)
const byDigest = new Map(digests.map((digest, image) => [digest, image]))
const repositoryNames = Array.from({ length: images.repositories }, (_, at) => `team/app-${at}`)
const tagNames = Array.from({ length: images.tagsEach }, (_, at) => `v1.${at}`)
const pageLength = 100
let asked: Record<string, number> = {}

createServer(answer).listen(Number(values.port), '127.0.0.1')

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, 'http://localhost')
  if (url.pathname === '/asked') {
    json(response, asked)
    asked = {}
    return
  }
  const [, name, what = '', reference = ''] =
    /^\/v2\/(.+?)\/(tags|manifests|referrers|blobs)\/(.*)$/.exec(url.pathname) ?? []
  const kindAsked = `${request.method} ${name === undefined ? url.pathname : what}`
  asked[kindAsked] = (asked[kindAsked] ?? 0) + 1
  if (url.pathname === '/v2/') return json(response, {})
  if (url.pathname === '/v2/_catalog') return json(response, { repositories: repositoryNames })
  const repository = /^team\/app-(\d+)$/.exec(name ?? '')?.[1]
  if (repository === undefined) return notFound(response)
  if (what === 'tags') return listTags(response, url, name!, Number(repository))
  if (what === 'manifests') return sendManifest(request, response, reference, Number(repository))
  return notFound(response)
}

function listTags(response: ServerResponse, url: URL, name: string, repository: number): void {
  if (kind === 'paged') {
    const last = url.searchParams.get('last')
    const from = last === null ? 0 : tagNames.indexOf(last) + 1
    const tags = tagNames.slice(from, from + pageLength)
    if (from + pageLength < tagNames.length) {
      response.setHeader('link', `<${url.pathname}?n=100&last=${tags.at(-1)}>; rel="next"`)
    }
    return json(response, { name, tags })
  }
  if (kind !== 'google') return json(response, { name, tags: tagNames })
  const first = repository * images.tagsEach
  const manifest = Object.fromEntries(
    tagNames.map((tag, at) => [
      digests[first + at]!,
      {
        imageSizeBytes: '4321',
        layerId: '',
        mediaType: mediaTypes.manifest,
        tag: [tag],
        timeCreatedMs: '0',
        timeUploadedMs: '1767225600000',
      },
    ]),
  )
  json(response, { child: [], manifest, name, tags: tagNames })
}

function sendManifest(
  request: IncomingMessage,
  response: ServerResponse,
  reference: string,
  repository: number,
): void {
  const tag = tagNames.indexOf(reference)
  const image = tag < 0 ? byDigest.get(reference) : repository * images.tagsEach + tag
  if (image === undefined) return notFound(response)
  const text = images.manifest(image)
  response.writeHead(200, {
    'content-type': mediaTypes.manifest,
    'content-length': text.length,
    'docker-content-digest': digests[image]!,
  })
  response.end(request.method === 'HEAD' ? undefined : text)
}

function json(response: ServerResponse, value: object): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}

function notFound(response: ServerResponse): void {
  response.statusCode = 404
  json(response, { errors: [{ code: 'NOT_FOUND' }] })
}
