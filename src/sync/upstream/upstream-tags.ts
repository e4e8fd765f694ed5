import { isWellFormedDigest } from '../../core/digest.ts'
import { tagGrammar } from '../../core/request.ts'
import { UpstreamError } from './upstream-error.ts'
import { readPages } from './upstream-pages.ts'
import type { RequestSettings, UpstreamRequest } from './upstream-request.ts'
import { nameOf } from './upstream-request.ts'

/** The tags of a repository. */
export type ListedTags = {
  readonly tags: readonly string[]
  /**
   * Tag → digest of its manifest, as Google's registries say it with the list; undefined: this
   * upstream does not.
   */
  readonly digests: ReadonlyMap<string, string> | undefined
}

/** Lists the tags of a repository, page by page. Throws UpstreamError. */
export async function listTags(
  request: UpstreamRequest,
  settings: RequestSettings,
): Promise<ListedTags> {
  const digests = new Map<string, string>()
  let isTold = false
  const tags = await listStrings(request, 'tags', settings, (page) => {
    const { manifest } = page
    if (typeof manifest !== 'object' || manifest === null) return
    isTold = true
    for (const [digest, entry] of Object.entries(manifest)) {
      if (isWellFormedDigest(digest)) for (const tag of tagsOf(entry)) digests.set(tag, digest)
    }
  })
  const listed = tags.filter((tag) => tagGrammar.test(tag))
  return { tags: listed, digests: isTold ? digests : undefined }
}

/** Every string in a list that is paged. `look` sees each page. Throws UpstreamError. */
export async function listStrings(
  request: UpstreamRequest,
  field: string,
  settings: RequestSettings,
  look: (page: Readonly<Record<string, unknown>>) => void = () => {},
): Promise<readonly string[]> {
  const names = new Set<string>()
  await readPages(request, settings, ({ page }) => {
    // Go writes an empty list as null.
    const list = page[field] ?? []
    if (!Array.isArray(list)) {
      throw new UpstreamError('malformed', `wanted a list of ${field} from ${nameOf(request)}`)
    }
    look(page)
    const before = names.size
    for (const name of list) if (typeof name === 'string') names.add(name)
    return names.size - before
  })
  return [...names]
}

function tagsOf(entry: unknown): readonly string[] {
  const { tag } = (entry ?? {}) as { readonly tag?: unknown }
  return Array.isArray(tag) ? tag.filter((each) => typeof each === 'string') : []
}
