import { onTestFinished } from 'vitest'
import { parseConfig } from '../../../src/config.ts'
import type { Presence } from '../../../src/core/policy.ts'
import type { RequestEvent } from '../../../src/core/event.ts'
import { createNamedPolicy } from '../../../src/core/named-policy.ts'
import { createRouter } from '../../../src/core/route.ts'
import type { Image } from '../../../src/embedded/images.ts'
import { imageOf, push } from '../../../src/embedded/images.ts'
import type { Registry, RegistryOptions } from '../../../src/embedded/registry.ts'
import type { RegistryAuth } from '../../../src/embedded/registry-auth.ts'
import { createRegistry } from '../../../src/embedded/registry.ts'
import { serveEmbedded } from '../../../src/embedded/serve.ts'
import { createApp } from '../../../src/proxy/app.ts'
import type { LearntHolding } from '../../../src/proxy/presence.ts'
import type { RelayPlace } from '../../../src/runtime/relay.ts'
import { createConfiguredRelay } from '../../../src/runtime/relay.ts'
import { createSingleFlight } from '../../../src/runtime/single-flight.ts'

/** nearport as configured, before upstreams that know their clients, with one mirror of every blob. */
export type PassThroughApp = {
  readonly ask: (target: string, init?: RequestInit, base?: string) => Promise<Response>
  readonly events: RequestEvent[]
}

/** Where the one mirror is. */
export const mirrorUrl = 'https://mirror.example'
export const host = 'http://nearport.localhost:8080'
export const me = { user: 'me', password: 'se:cret' }
export const basicMe = `Basic ${btoa(`${me.user}:${me.password}`)}`

export function createPassThroughApp(
  upstreams: readonly object[],
  changes: Partial<RelayPlace> & {
    readonly config?: object
    readonly sizeBytes?: number
    /** Whether the mirror holds a blob, asked each time; default: it is known to hold all. */
    readonly askMirror?: () => Promise<LearntHolding>
  } = {},
): PassThroughApp {
  const { config: more, sizeBytes, askMirror, ...place } = changes
  const mirror = { id: 'aws/us-east-1', bucket: 'images', publicUrl: mirrorUrl }
  const known = { mirrors: [mirror], elsewhere: mirror.id, relay: { timeoutMs: 2000 } }
  const config = parseConfig({ upstreams, ...known, ...more }, 'test')
  const { relay, passThrough } = createConfiguredRelay(
    config,
    {},
    {
      name: 'nearport-test',
      health: { hear: () => {} },
      flights: createSingleFlight,
      listsAtOnce: 8,
      atOnce: 8,
      ...place,
    },
  )
  // Nobody is anywhere: the table of all regions would be read for nothing.
  const { mirrors, elsewhere } = config
  const rules = { mirrors, overrides: {}, elsewhere, regions: { find: () => undefined } }
  const policyOf = createNamedPolicy({
    upstreams: config.upstreams,
    mirrors,
    route: createRouter(rules),
    openness: passThrough?.openness,
  })
  const presence: Presence = {
    holds: () => (askMirror === undefined ? 'present' : 'unknown'),
    sizeBytes: () => sizeBytes,
  }
  const events: RequestEvent[] = []
  const app = createApp({
    policyOf: (head, ns) => policyOf(() => head.host, ns),
    locate: () => undefined,
    presence: { current: () => presence, ask: () => askMirror?.() ?? Promise.resolve('failed') },
    askForMs: 100,
    relay,
    passThrough,
    record: (event) => events.push(event),
    now: Date.now,
    elapsedMs: () => performance.now(),
  })
  const ask = async (target: string, init: RequestInit = {}, base = host) =>
    app.fetch(new Request(base + target, init), {})
  return { ask, events }
}

export const image: Image = imageOf({ architecture: 'amd64', files: [{ path: 'a', content: 'a' }] })
export const blob = image.blobs[0]!.descriptor

/** The same before an embedded registry that knows `me`, with its blobs on a CDN. */
export type PassThroughWorld = PassThroughApp & {
  readonly registry: Registry
  readonly url: string
  /** The requests that a CDN got: where blobs really are. */
  readonly atCdn: () => Registry['requests']
}

/**
 * Starts it for one test, with the image in `prod/public/app`, for anyone, and in `prod/private/app`,
 * for `me`.
 */
export async function startPassThroughWorld(
  changes: {
    readonly auth?: RegistryAuth
    readonly quirks?: RegistryOptions['quirks']
    readonly upstream?: object
    readonly config?: object
    readonly sizeBytes?: number
    readonly askMirror?: () => Promise<LearntHolding>
  } = {},
): Promise<PassThroughWorld> {
  const { auth, quirks, upstream, ...more } = changes
  let cdnUrl = ''
  const registry = createRegistry({
    auth: {
      users: { [me.user]: me.password },
      isPrivate: (name) => name.includes('private/'),
      ...auth,
    },
    quirks: quirks ?? { signed: { at: () => cdnUrl } },
  })
  for (const name of ['public', 'private']) push(registry, `prod/${name}/app`, image, '1.0')
  const [served, cdn] = await Promise.all([
    serveEmbedded(registry.fetch),
    serveEmbedded(registry.fetch),
  ])
  cdnUrl = cdn.url
  onTestFinished(async () => {
    await Promise.all([served.close(), cdn.close()])
  })
  const knowing = { registry: served.url, mode: 'relay', clientCredentials: true }
  const app = createPassThroughApp([{ ...knowing, namespace: 'prod', ...upstream }], more)
  const atCdn = () => registry.requests.filter(({ path }) => path.startsWith('/signed/'))
  return { ...app, registry, url: served.url, atCdn }
}

/** What a client does that has a name, or none: it learns from a 401, gets a token, and comes again. */
export async function pullAs(
  authorization: string | undefined,
  target: string,
  { ask }: PassThroughApp,
  init: RequestInit = {},
): Promise<Response> {
  const first = await ask(target, init)
  if (first.status !== 401) return first
  const challenge = first.headers.get('www-authenticate')!
  const [, realm, service, scope] =
    /^Bearer realm="([^"]+)",service="([^"]+)",scope="([^"]+)"/.exec(challenge) ?? []
  if (realm === undefined) {
    return ask(target, { ...init, headers: { authorization: authorization ?? '' } })
  }
  const url = new URL(realm)
  url.searchParams.set('service', service!)
  url.searchParams.set('scope', scope!)
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  const answer = await ask(url.pathname + url.search, { headers }, url.origin)
  if (answer.status !== 200) return answer
  const { token } = (await answer.json()) as { readonly token: string }
  return ask(target, { ...init, headers: { authorization: `Bearer ${token}` } })
}
