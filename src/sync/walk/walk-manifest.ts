import type { Digest } from '../../core/digest.ts'
import { parseDigest } from '../../core/digest.ts'
import type { KnownReferrers, LedgerRecord, ManifestForm } from '../../core/ledger.ts'
import { areReferrersDue } from '../../core/ledger.ts'
import type { BlobReference, Descriptor } from '../../core/manifest.ts'
import { parseManifest } from '../../core/manifest.ts'
import { attachedTags } from './attached-tags.ts'
import { formOf, mirrorableManifest } from './manifest-bytes.ts'
import type { FetchedManifest, UpstreamClient } from '../upstream/upstream.ts'
import { UpstreamError } from '../upstream/upstream-error.ts'
import type { WalkState } from './walk-state.ts'

/** Manifests of a repository; `known` are those that were not fetched. */
export type WalkedManifests = {
  readonly manifests: number
  readonly known: number
  /** Blobs that nobody named before, and their bytes. */
  readonly blobs: number
  readonly bytes: number
}

/** Follows manifests of one repository to their blobs. Each is followed once. */
export type ManifestWalker = {
  readonly visitTag: (tag: string, depth: number) => Promise<void>
  readonly counts: () => WalkedManifests
}

/** The tags of the repository, and how the digest of one's manifest is had, if it can be. */
export type RepositoryTags = {
  readonly tags: ReadonlySet<string>
  readonly digestOf: (tag: string) => Promise<string | undefined>
}

/** Indexes in indexes, referrers of referrers: deeper than anyone builds them. */
const deepest = 8

type SizedBlob = { readonly digest: Digest; readonly sizeBytes: number }

/** Creates the walker of one repository. What fails is recorded as a problem by its name. */
export function createManifestWalker(
  name: string,
  client: UpstreamClient,
  state: WalkState,
  { tags, digestOf }: RepositoryTags,
): ManifestWalker {
  const { recorder, limit, stop, ledger, now } = state
  // Tags and digests asked for, and digests of what came: two may name the same manifest.
  const visited = new Set<string>()
  const walked = new Set<string>()
  const sized = new Map<Digest, Promise<number | undefined>>()
  let known = 0
  let blobs = 0
  let bytes = 0
  return { visitTag, counts: () => ({ manifests: walked.size, known, blobs, bytes }) }

  async function visitTag(tag: string, depth: number): Promise<void> {
    if (visited.has(tag) || stop.aborted) return
    visited.add(tag)
    try {
      await visit((await digestOf(tag)) ?? tag, depth, `${name}:${tag}`)
    } catch (error) {
      recordProblem(`${name}:${tag}`, error)
    }
  }

  function visitDigest(digest: string, depth: number, descriptor?: Descriptor) {
    return visit(digest, depth, `${name}@${digest}`, descriptor)
  }

  /** Returns the blob that a manifest turned out to be, where it did. */
  async function visit(
    reference: string,
    depth: number,
    subject: string,
    descriptor?: Descriptor,
  ): Promise<SizedBlob | undefined> {
    if (walked.has(reference) || stop.aborted) return undefined
    if (depth > deepest) {
      recordProblem(subject, `wanted manifests nested ${deepest} deep at most, got more`)
      return undefined
    }
    const digest = parseDigest(reference)
    const record = digest === undefined ? undefined : ledger.find(digest)
    // What was read before mirrors held manifests does not say how long it is, nor of what type.
    if (record !== undefined && (!state.manifestBytes || record.content !== undefined)) {
      walked.add(reference)
      known++
      await followKnown(record, depth, subject)
      return undefined
    }
    if (reference.includes(':') && visited.has(reference)) return undefined
    visited.add(reference)

    let manifest: FetchedManifest
    try {
      manifest = await limit(() => client.getManifest(name, reference))
    } catch (error) {
      if (descriptor !== undefined && error instanceof UpstreamError && error.status === 404) {
        return visitAsBlob(descriptor, subject)
      }
      recordProblem(subject, error)
      return undefined
    }
    await followFetched(manifest, depth, subject)
    return undefined
  }

  async function followKnown(record: LedgerRecord, depth: number, subject: string): Promise<void> {
    for (const blob of record.blobs) addBlob(blob)
    if (record.content !== undefined) addManifest(record.digest, record.content)
    const [, referrers] = await Promise.all([
      Promise.all(record.manifests.map((child) => visitDigest(child, depth + 1))),
      visitAttached(record.digest, depth, subject, record.referrers),
    ])
    if (referrers !== record.referrers) ledger.put({ ...record, referrers })
  }

  async function followFetched(
    manifest: FetchedManifest,
    depth: number,
    subject: string,
  ): Promise<void> {
    const { bytes: text, mediaType, digest } = manifest
    if (walked.has(digest)) return
    walked.add(digest)
    visited.add(digest)
    const content = parseManifest(text.toString(), mediaType)
    if (typeof content === 'string') return recordProblem(subject, `${content} in a manifest`)
    for (const each of content.skipped) {
      recorder.step({ step: 'skipped', repository: name, digest: each.digest, why: each.why })
    }

    const form = formOf(manifest)
    addManifest(digest, form, text)
    const [sizedBlobs, children, referrers] = await Promise.all([
      Promise.all(content.blobs.map(sizeBlob)),
      Promise.all(content.manifests.map((child) => visitDigest(child.digest, depth + 1, child))),
      visitAttached(digest, depth, subject),
    ])
    const own = parseDigest(digest)
    // With a blob of no known size, or left in the middle, it is to be fetched again.
    if (own === undefined || stop.aborted || sizedBlobs.includes(undefined)) return
    const found = [...sizedBlobs, ...children].filter((each) => each !== undefined)
    const manifests = content.manifests.filter((_, at) => children[at] === undefined)
    ledger.put({
      digest: own,
      content: form,
      manifests: manifests.map((each) => each.digest),
      blobs: found,
      referrers,
    })
  }

  /** What is attached by a tag, and what refers to the manifest, which is returned. */
  async function visitAttached(
    digest: string,
    depth: number,
    subject: string,
    before?: KnownReferrers,
  ): Promise<KnownReferrers | undefined> {
    if (!state.referrers) return before
    const referrers = await askReferrers(digest, subject, before)
    const attached = attachedTags(digest).filter((tag) => tags.has(tag))
    await Promise.all([
      ...attached.map((tag) => visitTag(tag, depth + 1)),
      ...(referrers?.digests ?? []).map((each) => visitDigest(each, depth + 1)),
    ])
    return referrers
  }

  async function askReferrers(
    digest: string,
    subject: string,
    before: KnownReferrers | undefined,
  ): Promise<KnownReferrers | undefined> {
    const askedAtMs = now()
    const isDue =
      before === undefined ||
      areReferrersDue(digest as Digest, before.askedAtMs, askedAtMs, state.referrersEverySeconds)
    if (!isDue || stop.aborted) return before
    try {
      const descriptors = await limit(() => client.getReferrers(name, digest))
      return { digests: (descriptors ?? []).map((each) => each.digest), askedAtMs }
    } catch (error) {
      recordProblem(`what refers to ${subject}`, error)
      return before
    }
  }

  /** An index may list blobs among its manifests, under a media type of their own. */
  async function visitAsBlob(
    descriptor: Descriptor,
    subject: string,
  ): Promise<SizedBlob | undefined> {
    const digest = descriptor.digest as Digest
    try {
      const sizeBytes = await limit(() => client.headBlob(name, digest))
      if (sizeBytes === descriptor.sizeBytes) return addBlob({ digest, sizeBytes })
      recordProblem(subject, `wanted ${descriptor.sizeBytes} bytes, got ${sizeBytes}`)
    } catch (error) {
      recordProblem(subject, error)
    }
    return undefined
  }

  function addBlob(blob: SizedBlob): SizedBlob {
    if (state.blobs.add(blob.digest, blob.sizeBytes, name)) {
      blobs++
      bytes += blob.sizeBytes
    }
    return blob
  }

  /** Where mirrors hold manifests, they are wanted as blobs are. */
  function addManifest(digest: string, form: ManifestForm, fetched?: Buffer): void {
    const wanted = state.manifestBytes && mirrorableManifest(digest, form)
    if (wanted === undefined) return
    if (fetched !== undefined) state.manifestBytes?.keep(wanted, fetched)
    if (!state.blobs.addManifest(wanted, form, name)) return
    blobs++
    bytes += form.sizeBytes
  }

  /** Docker's schema 1 gives no sizes: another manifest may, or the upstream is asked. */
  async function sizeBlob({ digest, sizeBytes }: BlobReference): Promise<SizedBlob | undefined> {
    if (sizeBytes !== undefined) return addBlob({ digest, sizeBytes })
    const asked = sized.get(digest) ?? askSize(digest)
    sized.set(digest, asked)
    const answer = await asked
    return answer === undefined ? undefined : addBlob({ digest, sizeBytes: answer })
  }

  async function askSize(digest: Digest): Promise<number | undefined> {
    const found = state.blobs.get(digest)
    if (found !== undefined) return found.sizeBytes
    try {
      const sizeBytes = await limit(() => client.headBlob(name, digest))
      // Meanwhile another manifest may have said it, and it is no dispute.
      return state.blobs.get(digest)?.sizeBytes ?? sizeBytes
    } catch (error) {
      recordProblem(`${name}@${digest}`, error)
      return undefined
    }
  }

  function recordProblem(subject: string, error: unknown): void {
    if (!stop.aborted) recorder.problem(subject, error)
  }
}
