import type { ConfiguredUpstream } from '../config.ts'
import type { Busy } from '../core/busiest.ts'
import type { Gathering } from '../core/estimate/gather.ts'
import { parseManifest } from '../core/manifest.ts'
import { repositoryGrammar } from '../core/request.ts'
import { upstreamOf } from '../core/upstream.ts'
import { forEachLimited } from '../sync/concurrency.ts'
import type { Patience } from '../sync/upstream/retry-policy.ts'
import { usualPatience } from '../sync/upstream/retry-policy.ts'
import type { UpstreamClient } from '../sync/upstream/upstream.ts'
import { createUpstreamClient } from '../sync/upstream/upstream.ts'
import { createUpstreamDispatcher } from '../sync/upstream/upstream-dispatcher.ts'
import type { Terminal } from './command.ts'

/** What was asked of the upstreams, and what came. */
export type AskedSizes = {
  readonly manifests: number
  readonly failed: number
  /** Why the first failed. */
  readonly problem: string | undefined
}

/** What a registry may be asked at once by a program that nobody announced. */
const concurrency = 8
/** Manifests in all, those in indexes among them. */
const mostAsked = 20_000

/**
 * Asks the upstreams for the manifests that the logs name, and tells the gathering how large their
 * blobs are. Indexes are followed. What an upstream does not give is counted: an image may be gone
 * since.
 */
export async function askSizes(
  manifests: readonly Busy[],
  upstreams: readonly ConfiguredUpstream[],
  gathering: Gathering,
  { env, stop }: Pick<Terminal, 'env' | 'stop'>,
  patience: Patience = usualPatience,
): Promise<AskedSizes> {
  const dispatcher = createUpstreamDispatcher(upstreams)
  const options = { dispatcher, patience, stop, now: Date.now, env }
  const clients = new Map<unknown, UpstreamClient>(
    upstreams.map((each) => [each, createUpstreamClient(each, options)]),
  )
  const asked = new Set<string>()
  let failed = 0
  let problem: string | undefined
  try {
    await forEachLimited(manifests, concurrency, async ({ name }) => {
      const [repository, reference] = name.split(' ') as [string, string]
      const client = clients.get(upstreamOf(upstreams, repository))
      if (client !== undefined && repositoryGrammar.test(repository)) {
        await ask(client, repository, reference)
      }
    })
  } finally {
    await dispatcher.destroy()
  }
  return { manifests: asked.size, failed, problem }

  async function ask(client: UpstreamClient, repository: string, reference: string) {
    const key = `${repository} ${reference}`
    if (asked.has(key) || asked.size === mostAsked || stop.aborted) return
    asked.add(key)
    try {
      const { bytes, mediaType } = await client.getManifest(repository, reference)
      const content = parseManifest(bytes.toString(), mediaType)
      if (typeof content === 'string')
        throw new Error(`${content}, from ${repository}:${reference}`)
      for (const { digest, sizeBytes } of content.blobs) {
        if (sizeBytes !== undefined) gathering.sizeBlob(...fingerprintOf(digest), sizeBytes)
      }
      for (const child of content.manifests) await ask(client, repository, child.digest)
    } catch (error) {
      failed++
      problem ??= (error as Error).message
    }
  }
}

/** The first eight bytes of a SHA-256, big end first. */
function fingerprintOf(digest: string): [high: number, low: number] {
  const from = 'sha256:'.length
  return [
    Number.parseInt(digest.slice(from, from + 8), 16),
    Number.parseInt(digest.slice(from + 8, from + 16), 16),
  ]
}
