import type { Drill } from './drill.ts'
import { staleTag } from './drill.ts'
import type { Fault } from './drill-face.ts'

const withManifests = (how: string, fault: Fault, said: string): Drill => ({
  what: 'the upstream, its manifests kept',
  how,
  begin: async ({ faces, serve }) => {
    await faces.upstream.suffer(fault)
    // One that was just found to be down is not asked again for some seconds.
    await serve.forward()
  },
  sight: staleTag(said),
})

/** The upstream and the server of its tokens, stopped and slow. */
export const upstreamDrills: readonly Drill[] = [
  withManifests('stopped', { kind: 'stopped' }, 'gave no answer for a tag'),
  withManifests(
    'takes connections and never answers',
    { kind: 'hangs' },
    'gave no answer for a tag',
  ),
  withManifests('503 to everyone', { kind: 'refuses', status: 503 }, 'answered 503'),
  {
    what: 'the upstream, no manifests kept',
    how: 'stopped',
    begin: async ({ take, faces }) => {
      await take({ manifests: undefined })
      await faces.upstream.suffer({ kind: 'stopped' })
    },
    sight: 'nothing: clients are sent there, and find out',
    none: { why: 'its manifests are nowhere else', said: /connection refused/ },
    end: ({ take }) => take(),
  },
  {
    what: 'the token server of a relayed upstream',
    how: 'stopped, and the last token is over',
    begin: async ({ faces, take, serve }, pull) => {
      const upstream = { registry: faces.hub.url, namespace: 'public', mode: 'relay' }
      const realms = [new URL(faces.tokens.url).host]
      await take({ upstreams: [upstream], relay: { timeoutMs: 500, realms } })
      await pull()
      await faces.tokens.suffer({ kind: 'stopped' })
      for (let minute = 0; minute < 6; minute++) await serve.forward()
    },
    sight: staleTag('"source":"stale"'),
    end: ({ take }) => take(),
  },
]
