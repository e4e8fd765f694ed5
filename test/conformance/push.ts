import type { Content } from '../../src/embedded/images.ts'
import type { Placement } from './content.ts'

/**
 * Pushes an image, its blobs and children over a registry's API, a blob at a time. Throws when the
 * registry answers anything but 201.
 */
export async function pushImage(url: string, placed: Placement): Promise<void> {
  const { repository, image, tags } = placed
  for (const child of image.children) {
    await pushImage(url, { repository, image: child, tags: [] })
  }
  for (const blob of image.blobs) await pushBlob(url, repository, blob)

  const { digest, mediaType } = image.descriptor
  for (const reference of [digest, ...tags]) {
    await ask(201, `${url}/v2/${repository}/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: new Uint8Array(image.bytes),
    })
  }
}

async function pushBlob(url: string, repository: string, blob: Content): Promise<void> {
  const started = await ask(202, `${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  const at = new URL(started.headers.get('location')!, url)
  at.searchParams.set('digest', blob.descriptor.digest)
  await ask(201, at.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(blob.bytes),
  })
}

async function ask(wanted: number, url: string, request: RequestInit): Promise<Response> {
  const response = await fetch(url, request)
  const text = await response.text()
  if (response.status === wanted) return response
  const said = `${response.status} ${text.slice(0, 300)}`
  throw new Error(`wanted ${wanted} to ${request.method} ${url.split('?')[0]}, got ${said}`)
}
