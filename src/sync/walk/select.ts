import type { Config } from '../../config.ts'
import type { Upstream } from '../../core/upstream.ts'
import { upstreamOf } from '../../core/upstream.ts'
import { isGlob, matchesGlob } from '../../core/glob.ts'
import type { Recorder } from '../recorder.ts'
import type { UpstreamClient } from '../upstream/upstream.ts'

/**
 * A repository to be mirrored: its name as clients see it, who owns it, and which of its tags are
 * wanted.
 */
export type SelectedRepository = {
  readonly name: string
  readonly upstream: Upstream
  /** Whether the configuration names it, and not only a pattern that it matches. */
  readonly named: boolean
  /** Tags or patterns of them. */
  readonly tags: readonly string[]
  /** Those of them that the configuration wants of this very repository. */
  readonly expectedTags: readonly string[]
}

/**
 * Which repositories the configuration wants. Names are taken as they are; patterns, and no list at
 * all, ask the catalogs. What fails, or matches nothing, is a problem and stops nothing else.
 */
export async function selectRepositories(
  config: Pick<Config, 'upstreams' | 'sync'>,
  clientOf: (upstream: Upstream) => UpstreamClient,
  recorder: Recorder,
): Promise<readonly SelectedRepository[]> {
  const wanted = config.sync.repositories ?? [{ name: '*', tags: ['*'] }]
  const selected = new Map<string, Selecting>()
  const select = (name: string, upstream: Upstream, tags: readonly string[], named: boolean) => {
    const already = selected.get(name) ?? { upstream, named, tags: new Set(), expected: new Set() }
    for (const tag of tags) already.tags.add(tag)
    if (named) for (const tag of tags) already.expected.add(tag)
    selected.set(name, already)
  }

  for (const { name, tags } of wanted.filter((each) => !isGlob(each.name))) {
    const upstream = upstreamOf(config.upstreams, name)
    if (upstream === undefined)
      recorder.problem(name, 'wanted an upstream that answers for it, got none')
    else select(name, upstream, tags, true)
  }

  const patterns = wanted.filter((each) => isGlob(each.name))
  const matched = new Set<string>()
  for (const upstream of config.upstreams) {
    const asked = patterns.filter(({ name }) => mayName(name, upstream.repositories))
    if (asked.length === 0) continue
    for (const name of await listCatalog(upstream)) {
      // A longer prefix gives this name to another upstream.
      if (upstreamOf(config.upstreams, name) !== upstream) continue
      for (const pattern of asked.filter((each) => matchesGlob(each.name, name))) {
        matched.add(pattern.name)
        select(name, upstream, pattern.tags, false)
      }
    }
  }
  for (const { name } of patterns) {
    if (!matched.has(name)) recorder.problem(name, 'wanted a repository that matches, got none')
  }
  return [...selected].map(([name, { upstream, named, tags, expected }]) => ({
    name,
    upstream,
    named,
    tags: [...tags],
    expectedTags: [...expected],
  }))

  async function listCatalog(upstream: Upstream): Promise<readonly string[]> {
    try {
      return await clientOf(upstream).listCatalog()
    } catch (error) {
      recorder.problem(upstream.registry, error)
      return []
    }
  }
}

type Selecting = {
  readonly upstream: Upstream
  readonly named: boolean
  readonly tags: Set<string>
  readonly expected: Set<string>
}

/**
 * Whether a pattern can match a name that begins with a prefix: not every registry has a catalog to
 * be asked for.
 */
function mayName(pattern: string, prefix: string): boolean {
  const head = pattern.slice(0, pattern.indexOf('*'))
  return head.startsWith(prefix) || prefix.startsWith(head)
}
