import type { Config, ConfiguredUpstream } from '../../config.ts'
import { upstreamOf, upstreamUrl } from '../../core/upstream.ts'
import { messageOf } from '../../proxy/upstream/fetch.ts'
import type { Add } from '../../sync/mirrors/mirror-finding.ts'
import { askAnonymously } from '../../sync/publish/anonymous.ts'
import { createUpstreamClient } from '../../sync/upstream/upstream.ts'
import { isGlob } from '../../core/glob.ts'
import type { DoctorDeps, Examination } from './examination.ts'
import { examine } from './examination.ts'

/**
 * Looks at every address of every upstream: does it answer as a registry, and is its mode right? What
 * clients are redirected to must give a repository to anyone; what is relayed, to nearport.
 */
export function examineUpstreams(
  config: Config,
  deps: DoctorDeps,
): readonly Promise<Examination>[] {
  return config.upstreams.flatMap((upstream) => {
    const places = [upstream, ...(upstream.addresses ?? [])]
    return places.map(({ registry }) => {
      const there = { ...upstream, registry }
      return examine(`upstream ${registry}`, async (add, see) => {
        if (!(await isRegistry(registry, deps, add))) return
        await examineMode(there, repositoryOf(config, upstream), deps, add, see)
      })
    })
  })
}

async function isRegistry(registry: string, deps: DoctorDeps, add: Add): Promise<boolean> {
  const url = `${registry}/v2/`
  try {
    const { status } = await askAnonymously('GET', url, deps)
    if ([200, 401, 403].includes(status)) return true
    add('wrong', `wanted a registry, and ${url} answered ${status}`, 'set registry to its address')
  } catch (error) {
    const fix = 'set registry to an address that can be reached from here, or open the way to it'
    add('wrong', `${url} does not answer: ${messageOf(error)}`, fix)
  }
  return false
}

/** A repository that is known to be there, since sync wants it. */
function repositoryOf(
  { sync, upstreams }: Config,
  upstream: ConfiguredUpstream,
): string | undefined {
  return sync.repositories
    ?.map(({ name }) => name)
    .find((name) => !isGlob(name) && upstreamOf(upstreams, name) === upstream)
}

async function examineMode(
  upstream: ConfiguredUpstream,
  repository: string | undefined,
  deps: DoctorDeps,
  add: Add,
  see: (what: string) => void,
): Promise<void> {
  if (repository === undefined) {
    see(`mode ${upstream.mode}, not tried: sync.repositories names no repository of it without a *`)
    return
  }
  if (upstream.clientCredentials === true) {
    see('its clients bring their own credentials, which nobody has here')
    return
  }
  const url = upstreamUrl(upstream, repository, 'tags/list?n=1')
  const { status: anonymous } = await askAnonymously('GET', url, deps)
  if (upstream.mode !== 'relay') {
    if (anonymous === 200) return see(`mode redirect: gives ${repository} to anyone`)
    const fix =
      anonymous === 401 || anonymous === 403
        ? '"mode": "relay", with "credentials" where nobody is answered without'
        : 'set namespace or sync.repositories so that the name is right there'
    add('wrong', `clients are redirected there, and anyone who asks ${url} gets ${anonymous}`, fix)
    return
  }

  const client = createUpstreamClient(upstream, deps)
  try {
    const { tags } = await client.listTags(repository)
    see(`mode relay: gives ${repository} to nearport, with ${tags.length} tags`)
    if (anonymous === 200 && upstream.credentials === undefined) {
      see('it asks nobody for a token: "mode": "redirect" would spare nearport the way')
    }
  } catch (error) {
    const fix =
      upstream.credentials === undefined
        ? 'set "credentials", or the name in sync.repositories'
        : `set ${upstream.credentials}_USERNAME and ${upstream.credentials}_PASSWORD to an account that may read it`
    add('wrong', (error as Error).message, fix)
  }
}
