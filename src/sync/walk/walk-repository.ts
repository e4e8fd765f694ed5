import { forEachLimited } from '../concurrency.ts'
import { isGlob, matchesGlob } from '../../core/glob.ts'
import type { SelectedRepository } from './select.ts'
import { UpstreamError } from '../upstream/upstream-error.ts'
import type { ListedTags } from '../upstream/upstream.ts'
import type { WalkedManifests } from './walk-manifest.ts'
import { createManifestWalker } from './walk-manifest.ts'
import type { WalkState } from './walk-state.ts'

/** Tags that are on their way at once; what is asked for them is limited further. */
const tagsAtOnce = 64

const noHead = [400, 405, 501]

/**
 * Walks the wanted tags of one repository, and all that they lead to. Returns how many manifests
 * there were.
 */
export async function walkRepository(
  repository: SelectedRepository,
  state: WalkState,
): Promise<WalkedManifests> {
  const { recorder, limit, stop, hasKnown } = state
  const { name } = repository
  const client = state.clientOf(repository.upstream)
  // Where clients' own credentials count no manifest is ever read from a mirror: none is shown there.
  const isShown = repository.upstream.clientCredentials !== true
  const walking = isShown ? state : { ...state, manifestBytes: undefined }
  const listed = await listTags()
  const tags = new Set(listed?.tags)
  const wanted = wantedTags()
  if (listed !== undefined) nameEmptyPatterns()
  const walker = createManifestWalker(name, client, walking, { tags, digestOf })

  await forEachLimited(wanted, tagsAtOnce, (tag) => walker.visitTag(tag, 0))
  const counts = walker.counts()
  if (!stop.aborted)
    recorder.step({ step: 'walked', repository: name, tags: wanted.length, ...counts })
  return counts

  /** Undefined where they could not be listed. */
  async function listTags(): Promise<ListedTags | undefined> {
    try {
      return await limit(() => client.listTags(name))
    } catch (error) {
      // A catalog goes on listing a repository whose last tag is gone.
      const isEmptied = error instanceof UpstreamError && error.status === 404 && !repository.named
      if (!isEmptied && !stop.aborted) recorder.problem(name, error)
      return undefined
    }
  }

  /**
   * The digest of a tag's manifest: from the list, or by HEAD. Where nothing is known yet there is
   * nothing to compare it with, and the manifest itself is asked for.
   */
  async function digestOf(tag: string): Promise<string | undefined> {
    const digest = listed?.digests?.get(tag)
    if (digest !== undefined || !hasKnown) return digest
    try {
      return await limit(() => client.headManifest(name, tag))
    } catch (error) {
      // Not every registry has HEAD; the manifest itself says no less.
      if (error instanceof UpstreamError && noHead.includes(error.status ?? 0)) return undefined
      throw error
    }
  }

  function nameEmptyPatterns(): void {
    const empty = repository.expectedTags.filter(
      (pattern) =>
        pattern !== '*' && isGlob(pattern) && ![...tags].some((tag) => matchesGlob(pattern, tag)),
    )
    for (const pattern of empty) {
      recorder.problem(`${name}:${pattern}`, 'wanted a tag that matches, got none')
    }
  }

  /**
   * A tag without a star that this repository is expected to have is asked for even where it is not
   * listed: its 404 says that it is missing. One that only a pattern of repositories brought with
   * it need not be there.
   */
  function wantedTags(): readonly string[] {
    const isDue = (tag: string) =>
      listed === undefined || tags.has(tag) || repository.expectedTags.includes(tag)
    const named = repository.tags.filter((tag) => !isGlob(tag) && isDue(tag))
    const globs = repository.tags.filter(isGlob)
    const matching = [...tags].filter((tag) => globs.some((pattern) => matchesGlob(pattern, tag)))
    return [...new Set([...named, ...matching])]
  }
}
