import type { Descriptor } from '../../core/manifest.ts'
import { parseManifest } from '../../core/manifest.ts'
import { UpstreamError } from './upstream-error.ts'
import { readPages } from './upstream-pages.ts'
import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf } from './upstream-request.ts'

export const indexType = 'application/vnd.oci.image.index.v1+json'

/** Statuses of registries that know no referrers API: what other clients take for it too. */
const noReferrers = [400, 404, 405, 406, 501]

/**
 * Descriptors of what refers to a manifest, page by page; undefined: there is no such API here.
 * Throws UpstreamError.
 */
export async function readReferrers(
  request: UpstreamRequest,
  settings: RequestSettings,
): Promise<readonly Descriptor[] | undefined> {
  const descriptors = new Map<string, Descriptor>()
  let isIndex = true
  try {
    await readPages(request, settings, ({ page, contentType }) => {
      // The spec has exactly this type; a host that knows no such path may send a page for people.
      isIndex = contentType === indexType
      if (!isIndex) return 'stop'
      const content = parseManifest(JSON.stringify(page), contentType)
      if (typeof content === 'string') {
        throw new UpstreamError('malformed', `${content} from ${nameOf(request)}`)
      }
      const before = descriptors.size
      for (const each of content.manifests) descriptors.set(each.digest, each)
      return descriptors.size - before
    })
  } catch (error) {
    if (error instanceof UpstreamError && noReferrers.includes(error.status ?? 0)) return undefined
    throw error
  }
  return isIndex ? [...descriptors.values()] : undefined
}
