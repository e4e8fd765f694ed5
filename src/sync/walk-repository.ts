import type { Digest } from '../core/digest.ts'
import type { BlobReference, Descriptor, ManifestContent } from '../core/manifest.ts'
import { parseManifest } from '../core/manifest.ts'
import { attachedTags } from './attached-tags.ts'
import { isGlob, matchesGlob } from './glob.ts'
import type { SelectedRepository } from './select.ts'
import type { FetchedManifest } from './upstream.ts'
import { UpstreamError } from './upstream-error.ts'
import type { WalkState } from './walk-state.ts'

/** Indexes in indexes, referrers of referrers: deeper than anyone builds them. */
const deepest = 8

/**
 * Walks the wanted tags of one repository, and all that they lead to. Returns how many manifests
 * there were.
 */
export async function walkRepository(
  repository: SelectedRepository,
  state: WalkState,
): Promise<number> {
  const { recorder, limit, stop } = state
  const { name } = repository
  const client = state.clientOf(repository.upstream)
  const tags = await listTags()
  const listed = new Set(tags)
  const wanted = wantedTags()
  if (tags !== undefined) nameEmptyPatterns(tags)
  // References asked for, and digests of what came: a tag and a digest may name the same manifest.
  const visited = new Set<string>()
  const walked = new Set<string>()
  const sized = new Set<Digest>()
  let newBlobs = 0
  let newBytes = 0

  await Promise.all(wanted.map((tag) => visit(tag, 0)))
  if (!stop.aborted) {
    const counts = { manifests: walked.size, blobs: newBlobs, bytes: newBytes }
    recorder.step({ step: 'walked', repository: name, tags: wanted.length, ...counts })
  }
  return walked.size

  /** Undefined where they could not be listed. */
  async function listTags(): Promise<readonly string[] | undefined> {
    try {
      return await limit(() => client.listTags(name))
    } catch (error) {
      // A catalog goes on listing a repository whose last tag is gone.
      const isEmptied = error instanceof UpstreamError && error.status === 404 && !repository.named
      if (!isEmptied) recordProblem(name, error)
      return undefined
    }
  }

  function nameEmptyPatterns(from: readonly string[]): void {
    const empty = repository.expectedTags.filter(
      (pattern) =>
        pattern !== '*' && isGlob(pattern) && !from.some((tag) => matchesGlob(pattern, tag)),
    )
    for (const pattern of empty) {
      recordProblem(`${name}:${pattern}`, 'wanted a tag that matches, got none')
    }
  }

  /**
   * A tag without a star that this repository is expected to have is asked for even where it is not
   * listed: its 404 says that it is missing. One that only a pattern of repositories brought with
   * it need not be there.
   */
  function wantedTags(): readonly string[] {
    const isDue = (tag: string) =>
      tags === undefined || listed.has(tag) || repository.expectedTags.includes(tag)
    const named = repository.tags.filter((tag) => !isGlob(tag) && isDue(tag))
    const globs = repository.tags.filter(isGlob)
    const matching = (tags ?? []).filter((tag) =>
      globs.some((pattern) => matchesGlob(pattern, tag)),
    )
    return [...new Set([...named, ...matching])]
  }

  async function visit(reference: string, depth: number, descriptor?: Descriptor): Promise<void> {
    if (visited.has(reference) || stop.aborted) return
    const subject = reference.includes(':') ? `${name}@${reference}` : `${name}:${reference}`
    if (depth > deepest) {
      return recordProblem(subject, `wanted manifests nested ${deepest} deep at most, got more`)
    }
    visited.add(reference)

    let manifest: FetchedManifest
    try {
      manifest = await limit(() => client.getManifest(name, reference))
    } catch (error) {
      if (descriptor !== undefined && error instanceof UpstreamError && error.status === 404) {
        return visitAsBlob(descriptor, subject)
      }
      return recordProblem(subject, error)
    }
    if (walked.has(manifest.digest)) return
    walked.add(manifest.digest)
    visited.add(manifest.digest)

    const content = parseManifest(manifest.bytes.toString(), manifest.mediaType)
    if (typeof content === 'string') return recordProblem(subject, `${content} in a manifest`)
    await Promise.all([
      addContent(content, depth),
      ...(state.referrers ? [visitAttached(manifest.digest, subject, depth)] : []),
    ])
  }

  async function addContent(content: ManifestContent, depth: number): Promise<void> {
    for (const { digest, why } of content.skipped) {
      recorder.step({ step: 'skipped', repository: name, digest, why })
    }
    await Promise.all([
      ...content.manifests.map((child) => visit(child.digest, depth + 1, child)),
      ...content.blobs.map(addBlob),
    ])
  }

  async function visitAttached(digest: string, subject: string, depth: number): Promise<void> {
    const attached = attachedTags(digest).filter((tag) => listed.has(tag))
    let referrers: readonly Descriptor[] | undefined
    try {
      referrers = await limit(() => client.getReferrers(name, digest))
    } catch (error) {
      recordProblem(`what refers to ${subject}`, error)
    }
    await Promise.all([
      ...attached.map((tag) => visit(tag, depth + 1)),
      ...(referrers ?? []).map((each) => visit(each.digest, depth + 1)),
    ])
  }

  /** An index may list blobs among its manifests, under a media type of their own. */
  async function visitAsBlob(descriptor: Descriptor, subject: string): Promise<void> {
    const digest = descriptor.digest as Digest
    try {
      const sizeBytes = await limit(() => client.headBlob(name, digest))
      if (sizeBytes !== descriptor.sizeBytes) {
        return recordProblem(subject, `wanted ${descriptor.sizeBytes} bytes, got ${sizeBytes}`)
      }
      await addBlob({ digest, sizeBytes })
    } catch (error) {
      recordProblem(subject, error)
    }
  }

  async function addBlob({ digest, sizeBytes }: BlobReference): Promise<void> {
    if (sizeBytes === undefined) return addSizedByHead(digest)
    if (state.blobs.add(digest, sizeBytes, name)) {
      newBlobs++
      newBytes += sizeBytes
    }
  }

  async function addSizedByHead(digest: Digest): Promise<void> {
    if (state.blobs.has(digest)) return state.blobs.addRepository(digest, name)
    if (sized.has(digest)) return
    sized.add(digest)
    try {
      const sizeBytes = await limit(() => client.headBlob(name, digest))
      // Meanwhile another manifest may have said it.
      if (state.blobs.has(digest)) state.blobs.addRepository(digest, name)
      else await addBlob({ digest, sizeBytes })
    } catch (error) {
      recordProblem(`${name}@${digest}`, error)
    }
  }

  function recordProblem(subject: string, error: unknown): void {
    if (!stop.aborted) recorder.problem(subject, error)
  }
}
